-- Key pairs with which operators sign (SigV4). user_pool_id '*' means every pool.

CREATE TABLE operators (
    user_pool_id      text NOT NULL,
    access_key_id     text NOT NULL,
    secret_access_key bytea NOT NULL,        -- sealed: SigV4 needs the secret itself
    role              text NOT NULL CHECK (role IN ('administrator', 'support', 'read-only')),
    created_at        timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, access_key_id)
);

-- A signature names only its access key; operators are few.
CREATE INDEX operators_by_access_key ON operators (access_key_id);
