CREATE TABLE first_half (id bigint PRIMARY KEY);

CREATE TABLE cures (id bigint PRIMARY KEY);
