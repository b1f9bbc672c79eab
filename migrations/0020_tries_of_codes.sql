-- A stranger's wrong codes no longer block the right one: tries are counted by who tries, by code and by day. And names that
-- nobody has share a fixed number of rows, so that asking for them fills no disk.

ALTER TABLE code_attempts
    ADD COLUMN holder text NOT NULL DEFAULT '',       -- in a row that names share: whose counts these are, as a keyed hash
    ADD COLUMN code_tries jsonb NOT NULL DEFAULT '{}', -- tries at this code, by the hash of who tried; "tried" is their sum
    ADD COLUMN guessed integer NOT NULL DEFAULT 0,     -- tries at any code within a day
    ADD COLUMN guessed_since timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN day_tries jsonb NOT NULL DEFAULT '{}';  -- the same by who tried
