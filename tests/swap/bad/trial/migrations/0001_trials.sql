CREATE TABLE trials (
    id   text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE heard (
    id   text PRIMARY KEY,
    name text NOT NULL
);
