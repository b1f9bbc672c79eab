-- App clients that were deleted: their sessions live no more, because a session lives while its client exists, and a job removes the
-- rows, of which there may be more than a request has time for.

CREATE TABLE deleted_clients (
    user_pool_id  text NOT NULL REFERENCES user_pools ON DELETE CASCADE,
    client_id     text NOT NULL,
    looked_at     uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- sessions up to this one were looked at
    PRIMARY KEY (user_pool_id, client_id)
);
