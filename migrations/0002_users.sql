-- The people of a pool.

CREATE TABLE users (
    user_pool_id  text NOT NULL REFERENCES user_pools,
    sub           uuid NOT NULL,
    username      text NOT NULL,
    username_key  text NOT NULL,             -- the username, folded to lower case in case-insensitive pools
    status        text NOT NULL CHECK (status IN ('UNCONFIRMED', 'CONFIRMED', 'RESET_REQUIRED', 'FORCE_CHANGE_PASSWORD')),
    enabled       boolean NOT NULL DEFAULT true,
    attributes    jsonb NOT NULL DEFAULT '{}', -- name to string value, without sub
    password_hash text,                      -- argon2id, PHC string; null when the user has no password
    password_set_at timestamptz,             -- when the password was last set, for temporary ones
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, sub),
    UNIQUE (user_pool_id, username_key)
);

-- ListUsers' filters.
CREATE INDEX users_by_email ON users (user_pool_id, (attributes ->> 'email') text_pattern_ops);
CREATE INDEX users_by_phone_number ON users (user_pool_id, (attributes ->> 'phone_number') text_pattern_ops);
CREATE INDEX users_by_preferred_username ON users (user_pool_id, (attributes ->> 'preferred_username') text_pattern_ops);

-- Wrong passwords per name, whether or not a user has it, so that both look the same (W§4.8).
CREATE TABLE login_attempts (
    user_pool_id  text NOT NULL,
    username_key  text NOT NULL,
    failures      integer NOT NULL,          -- since the last success or quiet quarter of an hour
    last_failed_at timestamptz NOT NULL,
    locked_until  timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, username_key)
);

CREATE INDEX login_attempts_by_time ON login_attempts (last_failed_at);
