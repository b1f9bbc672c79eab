-- The code that was sent before the newest one to the same address. Both are good until one is used.
-- compatible-with: 47
ALTER TABLE codes ADD COLUMN previous_hash bytea, ADD COLUMN previous_expires_at timestamptz;
