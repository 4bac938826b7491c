CREATE TABLE entries (
    entry_id text PRIMARY KEY,
    title text NOT NULL,
    created_us bigint NOT NULL
);
