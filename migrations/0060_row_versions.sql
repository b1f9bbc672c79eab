-- A row's version is another number after each update, whoever makes it, replicas of the release before included. What
-- was read at one version is known to be current while the row has that version.
--
-- The numbers are made from the clock, but always grow. So a row that replaces a deleted one, or that is updated again
-- after a failover or a restore has lost an update, never has a version that some replica remembers.
-- compatible-with: 58
ALTER TABLE user_pools ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE app_clients ADD COLUMN version bigint NOT NULL DEFAULT 1;
-- States of sign-ins that began before the version `void_version` are void (see `flows::accounts::forgotten`).
ALTER TABLE users ADD COLUMN version bigint NOT NULL DEFAULT 1, ADD COLUMN void_version bigint NOT NULL DEFAULT 0;

ALTER TABLE user_pools ALTER COLUMN version SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
ALTER TABLE app_clients ALTER COLUMN version SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
ALTER TABLE users ALTER COLUMN version SET DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

CREATE FUNCTION next_version() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN
        NEW.version := greatest(OLD.version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
        RETURN NEW;
    END';
CREATE TRIGGER next_version BEFORE UPDATE ON user_pools FOR EACH ROW EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON app_clients FOR EACH ROW EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION next_version();
