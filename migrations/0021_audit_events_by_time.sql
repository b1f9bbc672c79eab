-- no-transaction
-- What the audit trail drops when it is old, but for deleted passkeys, which are remembered longer.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_events_by_time ON audit_events (at) WHERE event <> 'passkey.deleted';
