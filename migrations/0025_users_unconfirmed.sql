-- no-transaction
-- Who signed up and never confirmed it is forgotten after a while.
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_unconfirmed ON users (created_at) WHERE status = 'UNCONFIRMED';
