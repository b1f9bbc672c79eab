-- Groups of users, and who is in them: claims of their tokens.

CREATE TABLE groups (
    user_pool_id  text NOT NULL REFERENCES user_pools,
    group_name    text NOT NULL,
    description   text,
    precedence    integer,                   -- the lowest wins where a person has one role
    role_arn      text,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (user_pool_id, group_name)
);

CREATE TABLE group_members (
    user_pool_id  text NOT NULL,
    sub           uuid NOT NULL,
    group_name    text NOT NULL,
    PRIMARY KEY (user_pool_id, sub, group_name),
    FOREIGN KEY (user_pool_id, sub) REFERENCES users,
    FOREIGN KEY (user_pool_id, group_name) REFERENCES groups
);

CREATE INDEX group_members_by_group ON group_members (user_pool_id, group_name, sub);
