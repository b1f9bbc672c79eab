-- Passkeys (WebAuthn credentials), what happened (audit) and what is to be told (outbox).

CREATE TABLE webauthn_credentials (
    user_pool_id  text NOT NULL,
    sub           uuid NOT NULL,
    credential_id bytea NOT NULL CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    public_key    bytea NOT NULL,            -- COSE_Key, CBOR
    algorithm     integer NOT NULL,          -- COSE algorithm number: -7 ES256, -257 RS256, -8 EdDSA
    sign_count    bigint NOT NULL,
    aaguid        uuid NOT NULL,
    transports    text[] NOT NULL,
    attachment    text,                      -- platform or cross-platform, as the client said
    attestation_format text NOT NULL,
    backup_eligible boolean NOT NULL,
    backup_state  boolean NOT NULL,
    rp_id         text NOT NULL,
    friendly_name text NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz,
    PRIMARY KEY (user_pool_id, sub, credential_id),
    UNIQUE (user_pool_id, credential_id),
    -- No cascade: passkeys are removed only with their audit and outbox rows.
    FOREIGN KEY (user_pool_id, sub) REFERENCES users
);

CREATE TABLE audit_events (
    user_pool_id  text NOT NULL,             -- no foreign key: the trail outlives the pool
    id            uuid NOT NULL,             -- random or version 7
    at            timestamptz NOT NULL,
    event         text NOT NULL,             -- passkey.deleted, passkey.registered, passkey.clone_suspected ...
    actor         text NOT NULL,             -- user, operator:<access key ID>, or service
    sub           uuid,
    credential_id bytea,
    request_id    uuid NOT NULL,
    PRIMARY KEY (user_pool_id, id)
);

CREATE INDEX audit_events_by_user ON audit_events (user_pool_id, sub, at);

CREATE TABLE outbox (
    user_pool_id  text NOT NULL,
    id            uuid NOT NULL,
    at            timestamptz NOT NULL,
    kind          text NOT NULL,             -- passkey.deleted
    payload       jsonb NOT NULL,
    PRIMARY KEY (user_pool_id, id)
);

CREATE INDEX outbox_by_time ON outbox (at);
