CREATE TABLE clouds (
    cloud text PRIMARY KEY,
    fallen bigint NOT NULL
);

CREATE TABLE drops (
    sequence bigint PRIMARY KEY,
    cloud text NOT NULL,
    number bigint NOT NULL
);
