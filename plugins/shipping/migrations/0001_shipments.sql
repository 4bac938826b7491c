-- One row an order, from its first event on; a shipment only once `state` is no longer EXPECTED.
CREATE TABLE shipments (
    shipment_id text PRIMARY KEY,
    order_id text NOT NULL UNIQUE,
    user_id text NOT NULL,
    state text NOT NULL,
    confirmed_version bigint NOT NULL,
    dead_version bigint NOT NULL,
    asked_version bigint NOT NULL,
    answer_owed boolean NOT NULL,
    parcel_id text NOT NULL,
    tracking_number text NOT NULL,
    version bigint NOT NULL,
    event_version bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL
);
CREATE INDEX shipments_by_user ON shipments (user_id, created_us, shipment_id);

CREATE TABLE shipment_lines (
    shipment_id text NOT NULL REFERENCES shipments (shipment_id),
    product_id text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, product_id)
);

-- The states a shipment went through, in order; never changed.
CREATE TABLE tracking (
    shipment_id text NOT NULL REFERENCES shipments (shipment_id),
    sequence bigint NOT NULL,
    state text NOT NULL,
    at_us bigint NOT NULL,
    PRIMARY KEY (shipment_id, sequence)
);
