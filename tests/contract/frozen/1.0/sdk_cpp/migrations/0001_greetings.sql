CREATE TABLE greetings (id text PRIMARY KEY, name text NOT NULL);
