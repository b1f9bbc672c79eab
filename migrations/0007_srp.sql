-- Passwords that are proved without being sent (SRP), where a client of the pool signs in so.

ALTER TABLE users ADD COLUMN srp_verifier bytea; -- sealed: salt and verifier; null until the password is next seen
