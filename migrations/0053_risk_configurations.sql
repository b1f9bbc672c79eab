-- The risk configuration of a pool, and of an app client that has one of its own (SetRiskConfiguration). Its lists of addresses are
-- asked at each sign-in, together with the client.
-- compatible-with: 47
ALTER TABLE user_pools ADD COLUMN risk_configuration jsonb;
ALTER TABLE app_clients ADD COLUMN risk_configuration jsonb;
