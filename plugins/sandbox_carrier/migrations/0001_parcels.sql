CREATE TABLE parcels (
    parcel_id text PRIMARY KEY,
    reference text NOT NULL UNIQUE,
    tracking_number text NOT NULL,
    status text NOT NULL,
    address text NOT NULL,
    lines text NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL
);
