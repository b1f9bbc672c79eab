-- For how long an app client silently uses a browser's sign-in on the pages (SetUserPoolClientSessionConfiguration).
-- compatible-with: 47
ALTER TABLE app_clients ADD COLUMN sso_minutes integer; -- null: the default, an hour
