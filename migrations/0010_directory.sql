-- Resource servers with their scopes, domains of pools, and secrets of app clients that can be rotated.
--
-- Replicas of the release before go on while this one starts: they delete pools without knowing of these tables (hence
-- ON DELETE CASCADE), and they read and write app_clients.secret, which a later release drops.

CREATE TABLE resource_servers (
    user_pool_id  text NOT NULL REFERENCES user_pools ON DELETE CASCADE,
    identifier    text NOT NULL,
    name          text NOT NULL,
    scopes        jsonb NOT NULL,                -- [{"ScopeName", "ScopeDescription"}]
    PRIMARY KEY (user_pool_id, identifier)
);

CREATE TABLE domains (
    user_pool_id           text NOT NULL REFERENCES user_pools ON DELETE CASCADE,
    domain                 text NOT NULL,
    certificate_arn        text,                 -- of a custom domain; NULL for a prefix
    managed_login_version  integer NOT NULL,
    PRIMARY KEY (user_pool_id, domain)
);

-- A domain is one pool's; a pool has one prefix and one custom domain.
CREATE UNIQUE INDEX domains_by_name ON domains (domain);
CREATE UNIQUE INDEX domains_by_kind ON domains (user_pool_id, (certificate_arn IS NULL));

-- One secret, or two while clients change from the older to the newer: [{"id", "sealed" (base64), "created_at" (seconds)}]
ALTER TABLE app_clients ADD COLUMN secrets jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_array_length(secrets) <= 2);
-- Where it is empty, app_clients.secret says what the one secret is, if there is one.
