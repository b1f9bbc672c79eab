-- no-transaction
-- compatible-with: 47
-- A user's pending passkey registrations, of which there are several (PASSKEY_REGISTRATION). Replicas of the release
-- before keep one under the old kind, which their unique index holds.
CREATE INDEX CONCURRENTLY IF NOT EXISTS challenges_registrations ON challenges (user_pool_id, sub, created_at)
    WHERE kind IN ('PASSKEY_REGISTRATION', 'WEB_AUTHN_REGISTRATION');
