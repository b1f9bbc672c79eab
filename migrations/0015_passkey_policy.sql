-- What a pool wants of its passkeys, beyond Amazon Cognito, and how its pages look.

ALTER TABLE user_pools
    ADD COLUMN passkey_policy jsonb NOT NULL DEFAULT '{}', -- without sessions_on_passkey_delete, which stands by itself
    ADD COLUMN branding jsonb NOT NULL DEFAULT '{}';       -- name, logo and colours of the pages

-- A deletion that asks nothing but whether the session lives is one statement.
ALTER TABLE user_pools ADD COLUMN deletes_plainly boolean NOT NULL GENERATED ALWAYS AS (
    sessions_on_passkey_delete = 'KEEP' AND NOT passkey_policy ? 'StepUpSeconds' AND NOT passkey_policy ? 'KeepLastFactor'
) STORED;

-- /.well-known/webauthn knows its host only.
CREATE INDEX user_pools_by_relying_party ON user_pools ((configuration -> 'WebAuthnConfiguration' ->> 'RelyingPartyId'));

-- Apart from the pool's row, which every request reads.
CREATE TABLE pool_logos (
    user_pool_id  text PRIMARY KEY REFERENCES user_pools ON DELETE CASCADE,
    content_type  text NOT NULL,
    image         bytea NOT NULL
);
