-- Second factors: what a person has switched on, and authenticator apps.

ALTER TABLE users ADD COLUMN mfa jsonb NOT NULL DEFAULT '{}'; -- {"enabled": [SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP], "preferred", "passkey"}

CREATE TABLE software_tokens (
    user_pool_id  text NOT NULL,
    sub           uuid NOT NULL,
    secret        bytea,                     -- sealed; null until the first code came back
    pending       bytea,                     -- sealed: offered, and not verified yet
    last_step     bigint NOT NULL DEFAULT 0, -- the newest step whose code was used: none is used twice
    PRIMARY KEY (user_pool_id, sub),
    FOREIGN KEY (user_pool_id, sub) REFERENCES users
);
