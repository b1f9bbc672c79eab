-- The state between two calls of a sign-in travels, sealed, in the `Session` string. A row here says that a state was
-- used up. It outlives the state by an hour, so that no replica whose clock is behind accepts the state again.
-- compatible-with: 58
CREATE TABLE used_states (
    user_pool_id text NOT NULL,
    id           uuid NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, id)
);
CREATE INDEX used_states_expire ON used_states (expires_at);

-- Steps of upgrades that `keystead migrate --finish` has taken, after the last replica of the release before has ended.
-- A new database needs none of the intermediate forms.
CREATE TABLE upgrade_steps (
    name        text PRIMARY KEY,
    finished_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO upgrade_steps (name) SELECT 'sealed-states' WHERE NOT EXISTS (SELECT 1 FROM user_pools);
