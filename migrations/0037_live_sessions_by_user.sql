-- no-transaction
-- A user's sessions that live, from the oldest to the newest: those beyond the limit are found without reading the others.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_live_by_user
    ON sessions (user_pool_id, sub, coalesce(opened_at, auth_time), origin_jti) WHERE revoked_at IS NULL;
