CREATE TABLE gates (
    gate text PRIMARY KEY,
    asked bigint NOT NULL
);

CREATE TABLE taken (
    sequence bigint PRIMARY KEY,
    gate text NOT NULL,
    version text NOT NULL
);
