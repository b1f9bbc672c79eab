-- no-transaction
-- When a deleted passkey is forgotten.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_events_deleted_by_time ON audit_events (at) WHERE event = 'passkey.deleted';
