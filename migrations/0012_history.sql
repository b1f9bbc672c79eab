-- Passwords that a user may not choose again, and what a user did, for pools that keep it.

CREATE TABLE password_history (
    user_pool_id   text NOT NULL,
    sub            uuid NOT NULL,
    set_at         timestamptz NOT NULL,
    password_hash  text NOT NULL,
    PRIMARY KEY (user_pool_id, sub, set_at),
    FOREIGN KEY (user_pool_id, sub) REFERENCES users ON DELETE CASCADE
);

CREATE TABLE auth_events (
    user_pool_id  text NOT NULL,
    sub           uuid NOT NULL,
    id            uuid NOT NULL,                 -- ordered by time
    at            timestamptz NOT NULL,
    kind          text NOT NULL,                 -- SignIn, SignUp, ForgotPassword, PasswordChange, ResendCode
    response      text NOT NULL,                 -- Pass, Fail, InProgress
    challenge     text,                          -- Password, Mfa: what the response is about
    address       text NOT NULL,
    PRIMARY KEY (user_pool_id, sub, id),
    FOREIGN KEY (user_pool_id, sub) REFERENCES users ON DELETE CASCADE
);

CREATE INDEX auth_events_by_time ON auth_events (at);
