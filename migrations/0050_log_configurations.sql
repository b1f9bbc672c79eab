-- Where the log records of a pool go (SetLogDeliveryConfiguration): a list of LogConfigurationType.
-- compatible-with: 47
ALTER TABLE user_pools ADD COLUMN log_configurations jsonb NOT NULL DEFAULT '[]';
