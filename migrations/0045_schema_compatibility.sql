-- Which builds may run beside each migration, for builds that are older and do not have its file.

CREATE TABLE schema_compatibility (
    version         bigint PRIMARY KEY,      -- of the migration, as in _sqlx_migrations
    compatible_with bigint NOT NULL,         -- a build may run that knows the schema up to this migration or a later one
    release         text NOT NULL            -- of the build that wrote this row
);
