-- no-transaction
-- The pools that the job has still to remove: none, mostly.
CREATE INDEX CONCURRENTLY IF NOT EXISTS user_pools_deleted ON user_pools (deleted_at) WHERE deleted_at IS NOT NULL;
