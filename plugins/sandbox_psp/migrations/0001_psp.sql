CREATE TABLE psp_payments (
    id text PRIMARY KEY,
    reference text NOT NULL,
    token text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    status text NOT NULL,
    decline_reason text NOT NULL,
    authorized bigint NOT NULL,
    captured bigint NOT NULL,
    refunded bigint NOT NULL,
    refund_refusals bigint NOT NULL,
    created_us bigint NOT NULL,
    CHECK (0 <= refunded AND refunded <= captured AND captured <= authorized AND authorized <= amount)
);
CREATE INDEX psp_payments_by_reference ON psp_payments (reference, id);

-- Every request that was decided, by its idempotency key; those that were done are the ledger.
CREATE TABLE psp_operations (
    sequence bigint PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE,
    payment_id text NOT NULL REFERENCES psp_payments (id),
    type text NOT NULL,
    amount bigint NOT NULL,
    reference text NOT NULL,
    done boolean NOT NULL,
    reason text NOT NULL,
    at_us bigint NOT NULL
);
CREATE INDEX psp_operations_by_payment ON psp_operations (payment_id, sequence);

-- One row: numbers follow the order of commits, so that who reads the ledger from a cursor misses nothing.
CREATE TABLE psp_counter (
    id bigint PRIMARY KEY,
    last bigint NOT NULL
);
INSERT INTO psp_counter (id, last) VALUES (1, 0);
