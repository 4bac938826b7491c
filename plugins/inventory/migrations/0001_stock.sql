CREATE TABLE stock (
    product_id text PRIMARY KEY,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    low boolean NOT NULL,
    version bigint NOT NULL,
    event_version bigint NOT NULL,
    CHECK (reserved >= 0 AND reserved <= on_hand)
);

-- Why stock is as it is; never changed. The sums of both deltas are the stock.
CREATE TABLE stock_movements (
    product_id text NOT NULL REFERENCES stock (product_id),
    sequence bigint NOT NULL,
    type text NOT NULL,
    on_hand_delta bigint NOT NULL,
    reserved_delta bigint NOT NULL,
    reference text NOT NULL,
    reason text NOT NULL,
    at_us bigint NOT NULL,
    PRIMARY KEY (product_id, sequence)
);

-- One row an order. State NONE: something is known of the order, but not yet what it contains.
CREATE TABLE reservations (
    order_id text PRIMARY KEY,
    reservation_id text NOT NULL,
    state text NOT NULL,
    attempt bigint NOT NULL,
    order_version bigint NOT NULL,
    cancel_version bigint NOT NULL,
    confirm_version bigint NOT NULL,
    failed_attempt bigint NOT NULL,
    shipped boolean NOT NULL,
    expires_us bigint NOT NULL,
    version bigint NOT NULL,
    event_version bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL
);

CREATE TABLE reservation_lines (
    order_id text NOT NULL REFERENCES reservations (order_id),
    product_id text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
);
