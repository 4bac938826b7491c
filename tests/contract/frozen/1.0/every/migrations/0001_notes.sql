CREATE TABLE notes (
    id text PRIMARY KEY,
    body text NOT NULL,
    version bigint NOT NULL
);
