-- What operators say of the pages of an app client, or of all: UI customization, managed login branding, documents with terms.
-- compatible-with: 47
CREATE TABLE page_settings (
    user_pool_id  text NOT NULL REFERENCES user_pools ON DELETE CASCADE,
    kind          text NOT NULL,        -- UI_CUSTOMIZATION, MANAGED_LOGIN_BRANDING, terms-of-use, privacy-policy
    client_id     text NOT NULL,        -- ALL: every client without a UI customization of its own
    id            uuid NOT NULL,        -- ManagedLoginBrandingId, TermsId
    settings      jsonb NOT NULL,       -- as they are given back
    look          jsonb,                -- what of them the pages show; null: nothing
    logo_type     text,                 -- the content type of the next column
    logo          bytea,                -- the image that the pages show
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, kind, client_id),
    UNIQUE (user_pool_id, id)
);
