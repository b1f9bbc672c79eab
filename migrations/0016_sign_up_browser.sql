-- The browser that a person who waits for a confirmation signed up in on the pages, as a keyed hash; '' when somebody signed up
-- under the same name again. NULL for sign-ups by the API.
ALTER TABLE users ADD COLUMN sign_up_browser text;
