-- Which of a user's sessions is the oldest: those of OAuth clients are as old as they are, and not as the browser's sign-in.

ALTER TABLE sessions ADD COLUMN opened_at timestamptz; -- null: at auth_time
