-- What an event is about beside a user and a passkey: a group, an app client, a domain, a resource server, an import job.
-- Releases before this one leave it out.
-- compatible-with: 45
ALTER TABLE audit_events ADD COLUMN target text;
