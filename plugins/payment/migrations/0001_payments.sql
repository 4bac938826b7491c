CREATE TABLE payments (
    payment_id text PRIMARY KEY,
    order_id text NOT NULL,
    attempt bigint NOT NULL,
    user_id text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    token text NOT NULL,
    provider_id text NOT NULL,
    state text NOT NULL,
    authorized bigint NOT NULL,
    captured bigint NOT NULL,
    refunded bigint NOT NULL,
    closed text NOT NULL,
    reason text NOT NULL,
    capture_asked boolean NOT NULL,
    void_asked boolean NOT NULL,
    open_op text NOT NULL,
    ops bigint NOT NULL,
    refusals bigint NOT NULL,
    not_before_us bigint NOT NULL,
    version bigint NOT NULL,
    event_version bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL,
    UNIQUE (order_id, attempt),
    CHECK (0 <= refunded AND refunded <= captured AND captured <= authorized AND authorized <= amount)
);

-- What was asked of the provider, one row each, written before the call. Rows stay; their state is settled once.
CREATE TABLE payment_ops (
    op_id text PRIMARY KEY,
    payment_id text NOT NULL REFERENCES payments (payment_id),
    type text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    refund_id text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    provider_reference text NOT NULL,
    asked bigint NOT NULL,
    in_ledger boolean NOT NULL,
    requested_us bigint NOT NULL,
    settled_us bigint
);
CREATE INDEX payment_ops_by_payment ON payment_ops (payment_id, requested_us);
CREATE INDEX payment_ops_by_ledger ON payment_ops (in_ledger, state, settled_us);

-- A row that is REQUESTED reserves its amount.
CREATE TABLE refunds (
    refund_id text PRIMARY KEY,
    payment_id text NOT NULL REFERENCES payments (payment_id),
    amount bigint NOT NULL CHECK (amount > 0),
    reason text NOT NULL,
    compensation boolean NOT NULL,
    state text NOT NULL,
    created_us bigint NOT NULL
);
CREATE INDEX refunds_by_payment ON refunds (payment_id, created_us);

-- What events said of orders and of their attempts at paying, whether the payment is there yet or not.
CREATE TABLE order_facts (
    order_id text PRIMARY KEY,
    cancelled_version bigint NOT NULL
);
CREATE TABLE attempt_facts (
    order_id text NOT NULL,
    attempt bigint NOT NULL,
    created_version bigint NOT NULL,
    reserved boolean NOT NULL,
    short boolean NOT NULL,
    PRIMARY KEY (order_id, attempt)
);

-- Webhooks as they came.
CREATE TABLE provider_events (
    provider text NOT NULL,
    event_id text NOT NULL,
    reference text NOT NULL,
    body text NOT NULL,
    received_us bigint NOT NULL,
    applied_us bigint,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX provider_events_by_reference ON provider_events (reference);

-- How far the provider's ledger was read, and its payments that are not ours.
CREATE TABLE ledger_cursors (
    provider text PRIMARY KEY,
    position text NOT NULL
);
CREATE TABLE orphans (
    provider_id text PRIMARY KEY,
    reference text NOT NULL,
    found_us bigint NOT NULL
);
