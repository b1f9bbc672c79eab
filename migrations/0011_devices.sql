-- Remembered devices, and what a session says of its sign-in.

-- First the table that sign-ins write: in the order in which they lock.
-- How the person signed in (the values of the amr claim, separated by blanks), and with which device.
ALTER TABLE sessions DROP CONSTRAINT sessions_opened_with_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_opened_with_check
    CHECK (opened_with IN ('password', 'passkey', 'otp', 'sign_up', 'custom')) NOT VALID;
ALTER TABLE sessions ADD COLUMN methods text NOT NULL DEFAULT '', ADD COLUMN device_key text;

CREATE TABLE devices (
    user_pool_id  text NOT NULL,
    sub           uuid NOT NULL,
    device_key    text NOT NULL,
    group_key     text NOT NULL,             -- what the device's proof is made for, beside its key
    name          text,
    verifier      bytea NOT NULL,            -- sealed: salt and SRP verifier of the device's password
    remembered    boolean NOT NULL,
    last_address  text NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    last_used_at  timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, sub, device_key),
    FOREIGN KEY (user_pool_id, sub) REFERENCES users ON DELETE CASCADE
);
