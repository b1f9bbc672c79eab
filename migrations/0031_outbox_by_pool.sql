-- no-transaction
-- The job that delivers asks which pools have messages, then takes of each pool its share: both by this index, whatever
-- else waits. (outbox_due serves the release before, and may go with the one after.)
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_by_pool ON outbox (kind, urgency, user_pool_id, due_at) WHERE due_at IS NOT NULL;
