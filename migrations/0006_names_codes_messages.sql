-- Other names to sign in with, codes sent to people, and the messages that carry them.

-- Sessions are opened by codes, too. First, because signing in locks sessions before users; unchecked, because every row
-- passed the narrower check.
ALTER TABLE sessions DROP CONSTRAINT sessions_opened_with_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_opened_with_check
    CHECK (opened_with IN ('password', 'passkey', 'otp', 'sign_up')) NOT VALID;

-- What signs in, in pools where that is more than the username. A name is one person's, whatever its kind.
CREATE TABLE user_aliases (
    user_pool_id  text NOT NULL,
    value         text NOT NULL,             -- as usernames are compared: folded to lower case in case-insensitive pools
    kind          text NOT NULL CHECK (kind IN ('username', 'email', 'phone_number', 'preferred_username')),
    sub           uuid NOT NULL,
    PRIMARY KEY (user_pool_id, value),
    FOREIGN KEY (user_pool_id, sub) REFERENCES users
);

CREATE INDEX user_aliases_by_user ON user_aliases (user_pool_id, sub);

-- Codes that were sent and not used yet. A new one replaces the one before.
CREATE TABLE codes (
    user_pool_id  text NOT NULL,
    sub           uuid NOT NULL,
    purpose       text NOT NULL CHECK (purpose IN ('sign_up', 'forgot_password', 'verify_email', 'verify_phone_number')),
    hash          bytea NOT NULL,            -- HMAC-SHA256 under the sealing key
    attribute     text NOT NULL CHECK (attribute IN ('email', 'phone_number')),
    destination   text NOT NULL,             -- the address it was sent to: the one it proves
    pending       boolean NOT NULL DEFAULT false, -- the address becomes the user's only when the code comes back
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, sub, purpose),
    FOREIGN KEY (user_pool_id, sub) REFERENCES users
);

CREATE INDEX codes_by_expiry ON codes (expires_at);

-- How often codes were sent to and tried for a name in an hour, whether or not a user has the name; and how often an
-- address was sent to.
CREATE TABLE code_attempts (
    user_pool_id  text NOT NULL,
    username_key  text NOT NULL,
    purpose       text NOT NULL,
    sent          integer NOT NULL,
    sent_since    timestamptz NOT NULL,
    last_sent_at  timestamptz,               -- null: the code was used
    tried         integer NOT NULL,
    tried_since   timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, username_key, purpose)
);

CREATE INDEX code_attempts_by_time ON code_attempts (greatest(sent_since, tried_since));

-- Messages to people are rows of the outbox that a job delivers.
ALTER TABLE outbox
    ADD COLUMN sealed   bytea,                       -- the message, sealed: it holds a code or a password
    ADD COLUMN due_at   timestamptz,                 -- when it is tried next; null when it is for reading only
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN failure  text;                        -- why the last attempt failed; with due_at null: why it was given up

CREATE INDEX outbox_due ON outbox (kind, due_at) WHERE due_at IS NOT NULL;
