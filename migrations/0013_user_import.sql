-- Jobs that import users from a file.

CREATE TABLE user_import_jobs (
    user_pool_id   text NOT NULL REFERENCES user_pools ON DELETE CASCADE,
    job_id         text NOT NULL,
    name           text NOT NULL,
    role_arn       text NOT NULL,
    status         text NOT NULL,                -- Created, Pending, InProgress, Stopping, Stopped, Succeeded, Failed, Expired
    file           bytea,                        -- until the job has ended
    done           integer NOT NULL DEFAULT 0,   -- rows of the file that were looked at
    imported       bigint NOT NULL DEFAULT 0,
    skipped        bigint NOT NULL DEFAULT 0,
    failed         bigint NOT NULL DEFAULT 0,
    message        text,
    created_at     timestamptz NOT NULL,
    started_at     timestamptz,
    completed_at   timestamptz,
    takes          integer NOT NULL DEFAULT 0,   -- how often it was taken since the last row: something is wrong with it
    leased_until   timestamptz,                  -- which replica works on it: until then nobody else does
    PRIMARY KEY (user_pool_id, job_id)
);

CREATE INDEX user_import_jobs_by_status ON user_import_jobs (status) WHERE status IN ('Created', 'Pending', 'InProgress', 'Stopping');
