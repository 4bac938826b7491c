CREATE TABLE orders (
    order_id text PRIMARY KEY,
    user_id text NOT NULL,
    cart_id text UNIQUE,
    status text NOT NULL,
    payment_status text NOT NULL,
    fulfillment_status text NOT NULL,
    inventory_status text NOT NULL,
    phase text NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    cancel_refused boolean NOT NULL,
    attempt bigint NOT NULL,
    payment_id text NOT NULL,
    payment_version bigint NOT NULL,
    inventory_version bigint NOT NULL,
    shipment_version bigint NOT NULL,
    total_amount bigint NOT NULL CHECK (total_amount >= 0),
    currency text NOT NULL,
    shipping_address text NOT NULL,
    version bigint NOT NULL,
    event_version bigint NOT NULL,
    deadline_us bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL
);
CREATE INDEX orders_by_user ON orders (user_id, created_us, order_id);

CREATE TABLE order_lines (
    order_id text NOT NULL REFERENCES orders (order_id),
    line bigint NOT NULL,
    product_id text NOT NULL,
    name text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (order_id, line)
);

-- What happened to an order, in order; never changed.
CREATE TABLE order_events (
    order_id text NOT NULL REFERENCES orders (order_id),
    sequence bigint NOT NULL,
    type text NOT NULL,
    detail text NOT NULL,
    at_us bigint NOT NULL,
    PRIMARY KEY (order_id, sequence)
);

-- The customer as the last user.profile.updated told it.
CREATE TABLE customers (
    user_id text PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL
);
