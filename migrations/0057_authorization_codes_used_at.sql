-- When a code was exchanged. A client that sends it again at once does so by accident, and keeps its session.
-- compatible-with: 47
ALTER TABLE authorization_codes ADD COLUMN used_at timestamptz;
