-- version: of the whole profile with its addresses (ETag). event_version: of the last event about the user; the
-- registration, which auth publishes, is the first.
CREATE TABLE users (
    user_id text PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    locale text NOT NULL,
    email_notifications boolean NOT NULL,
    version bigint NOT NULL,
    event_version bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL
);

CREATE TABLE addresses (
    address_id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users (user_id),
    name text NOT NULL,
    line1 text NOT NULL,
    line2 text NOT NULL,
    postal_code text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    is_default boolean NOT NULL,
    created_us bigint NOT NULL
);
CREATE INDEX addresses_by_user ON addresses (user_id, created_us, address_id);
