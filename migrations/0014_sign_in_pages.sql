-- Sign-in pages and OAuth 2.0: sessions of browsers, what was granted, and authorization codes.

ALTER TABLE sessions
    ADD COLUMN browser boolean NOT NULL DEFAULT false, -- of the pages: refresh_hash is that of a cookie
    ADD COLUMN browser_session uuid,                   -- the browser's session through which this one came
    ADD COLUMN scope text,                             -- what an OAuth client was granted; null for a sign-in through the API
    ADD COLUMN resource text;                          -- the resource server that access tokens are for (RFC 8707)

CREATE INDEX sessions_by_browser_session ON sessions (user_pool_id, browser_session) WHERE browser_session IS NOT NULL;

-- Kept for a while after their use, so that a second use ends what the first one gave.
CREATE TABLE authorization_codes (
    user_pool_id    text NOT NULL,
    code_hash       bytea NOT NULL,            -- SHA-256
    sub             uuid NOT NULL,
    client_id       text NOT NULL,
    browser_session uuid NOT NULL,
    redirect_uri    text NOT NULL,
    scope           text NOT NULL,
    nonce           text,
    code_challenge  text,                      -- PKCE, S256
    resource        text,
    expires_at      timestamptz NOT NULL,
    origin_jti      uuid,                      -- the session that it opened; null until then
    PRIMARY KEY (user_pool_id, code_hash),
    -- Replicas of the release before remove users without knowing of this table.
    FOREIGN KEY (user_pool_id, sub) REFERENCES users ON DELETE CASCADE
);

CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_by_user ON authorization_codes (user_pool_id, sub);
