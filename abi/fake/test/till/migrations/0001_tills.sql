CREATE TABLE tills (
    id text PRIMARY KEY,
    owner text NOT NULL,
    name text NOT NULL UNIQUE,
    open boolean NOT NULL,
    taken bigint NOT NULL CHECK (taken >= 0),
    version bigint NOT NULL
);
