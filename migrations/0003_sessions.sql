-- Sign-in sessions and the state between two calls of a ceremony.

CREATE TABLE sessions (
    user_pool_id  text NOT NULL,
    origin_jti    uuid NOT NULL,             -- the claim that ties access and ID tokens to the session
    sub           uuid NOT NULL,
    client_id     text NOT NULL,
    opened_with   text NOT NULL CHECK (opened_with IN ('password', 'passkey')),
    credential_id bytea,                     -- the passkey that opened it
    refresh_hash  bytea NOT NULL,            -- SHA-256 of the current refresh token
    refresh_generation integer NOT NULL DEFAULT 0, -- how often the refresh token was rotated
    rotated_at    timestamptz,
    auth_time     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    PRIMARY KEY (user_pool_id, origin_jti),
    -- No cascade: a user is removed only by code that removes the sessions and passkeys first, with their audit rows.
    FOREIGN KEY (user_pool_id, sub) REFERENCES users
);

CREATE INDEX sessions_by_user ON sessions (user_pool_id, sub);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE challenges (
    user_pool_id  text NOT NULL,
    id            uuid NOT NULL,
    kind          text NOT NULL,             -- SELECT_CHALLENGE, WEB_AUTHN, NEW_PASSWORD_REQUIRED, WEB_AUTHN_REGISTRATION
    client_id     text NOT NULL,
    sub           uuid,                      -- null for the decoy of an unknown user
    data          jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, id)
);

-- One pending registration per user: a new start replaces the one before.
CREATE UNIQUE INDEX challenges_one_registration ON challenges (user_pool_id, sub) WHERE kind = 'WEB_AUTHN_REGISTRATION';
CREATE INDEX challenges_by_expiry ON challenges (expires_at);
