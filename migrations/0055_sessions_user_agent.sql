-- What a person recognizes a session by on the account page: the browser that signed in, and from where. Releases before
-- this one leave both out, and so do sign-ins that a server makes for its users.
-- compatible-with: 47
ALTER TABLE sessions
    ADD COLUMN user_agent text, -- at most 256 characters of the header; null: not sent, or not the person's own
    ADD COLUMN address text; -- null: not the person's own
