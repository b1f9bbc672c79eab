-- no-transaction
-- Whether a passkey was deleted here is asked by whoever presents one: without reading all that its user ever did.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_events_deleted_passkeys ON audit_events (user_pool_id, sub, credential_id)
    WHERE event = 'passkey.deleted';
