-- no-transaction
-- Sessions that were ended go long before they would have expired.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_by_end ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
