-- User pools, their app clients and their signing keys.
-- Every key starts with user_pool_id, so that the tables can be distributed by it without a change.

CREATE TABLE user_pools (
    user_pool_id  text PRIMARY KEY,          -- <region>_<9 alphanumerics>
    name          text NOT NULL,
    configuration jsonb NOT NULL,            -- policies, attribute schema, WebAuthn and MFA configuration, stored members
    sessions_on_passkey_delete text NOT NULL DEFAULT 'KEEP'
        CHECK (sessions_on_passkey_delete IN ('KEEP', 'END_OTHERS', 'END_ALL')),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE app_clients (
    user_pool_id  text NOT NULL REFERENCES user_pools,
    client_id     text NOT NULL,             -- 26 lower-case alphanumerics
    name          text NOT NULL,
    configuration jsonb NOT NULL,            -- flows, validity, OAuth members
    secret        bytea,                     -- sealed; null for a public client
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, client_id)
);

-- A public call names only its client; this index finds the pool, once per replica and client.
CREATE INDEX app_clients_by_client_id ON app_clients (client_id);

CREATE TABLE signing_keys (
    user_pool_id  text NOT NULL REFERENCES user_pools,
    kid           text NOT NULL,
    token_use     text NOT NULL CHECK (token_use IN ('access', 'id')),
    state         text NOT NULL CHECK (state IN ('next', 'current', 'retired')),
    private_key   bytea NOT NULL,            -- PKCS#8 DER, sealed
    public_jwk    jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, kid)
);

CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (user_pool_id, token_use) WHERE state = 'current';
