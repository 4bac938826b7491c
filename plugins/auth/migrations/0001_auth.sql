CREATE TABLE credentials (
    user_id text PRIMARY KEY,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_us bigint NOT NULL
);

CREATE TABLE roles (
    user_id text NOT NULL REFERENCES credentials (user_id),
    role text NOT NULL,
    PRIMARY KEY (user_id, role)
);

-- A session is a family of refresh tokens, each made from the one before. Its row is what changes of the family queue at.
CREATE TABLE sessions (
    session_id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES credentials (user_id),
    created_us bigint NOT NULL,
    refreshed_us bigint NOT NULL,
    revoked_us bigint,
    revoked_why text NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Only hashes: who reads this table can't refresh. used_us: when it was exchanged for the next one.
CREATE TABLE refresh_tokens (
    token_hash text PRIMARY KEY,
    session_id text NOT NULL REFERENCES sessions (session_id),
    expires_us bigint NOT NULL,
    used_us bigint
);
CREATE UNIQUE INDEX one_live_token ON refresh_tokens (session_id) WHERE used_us IS NULL;
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_us);

CREATE TABLE login_attempts (
    address text NOT NULL,
    email text NOT NULL,
    failures bigint NOT NULL,
    next_us bigint NOT NULL,
    PRIMARY KEY (address, email)
);
CREATE INDEX login_attempts_by_time ON login_attempts (next_us);
