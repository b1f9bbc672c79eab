-- A deleted pool's row stays, as a tombstone, until a job has removed what belongs to the pool: more than one transaction could.
-- And how many sessions a user of a pool may have (SetUserPoolSessionConfiguration).
--
-- Replicas of the release before find tombstones like any other pool; its app clients and keys are gone for them, too.

ALTER TABLE user_pools
    ADD COLUMN deleted_at timestamptz,           -- null: the pool is there
    ADD COLUMN deleted_by text,                  -- the actor of the audit rows that the job writes
    ADD COLUMN deletion_request uuid,            -- and their request
    ADD COLUMN session_tracking boolean NOT NULL DEFAULT false,      -- whether the next column counts
    ADD COLUMN token_sessions_per_user integer NOT NULL DEFAULT 20;  -- sessions that have tokens, at most
