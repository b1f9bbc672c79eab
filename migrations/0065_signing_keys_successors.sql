-- The keys of a user pool follow one another, because a pool may choose another algorithm for its tokens
-- (SetUserPoolTokenSigning). Builds before this one run on the new columns, but read RS256 keys only. So an operator
-- chooses another algorithm only when all replicas are upgraded (decision 0046).
-- compatible-with: 58
ALTER TABLE signing_keys
    ADD COLUMN signs_from timestamptz, -- when a `next` key becomes `current`; null: it signs since it was made
    ADD COLUMN retired_at timestamptz; -- null: not retired

-- The job that looks for what is due. Nearly all keys are current ones.
CREATE INDEX signing_keys_not_current ON signing_keys (user_pool_id) WHERE state <> 'current';
