-- As the events of auth and user told it. profile_version 0: only registered so far.
CREATE TABLE recipients (
    user_id text PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    locale text NOT NULL,
    email_notifications boolean NOT NULL,
    profile_version bigint NOT NULL
);

-- Whose an order is: payment events don't say.
CREATE TABLE orders (
    order_id text PRIMARY KEY,
    user_id text NOT NULL
);

-- What a user was told; the inbox. user_id is empty while the order's user is unknown.
CREATE TABLE notifications (
    notification_id text PRIMARY KEY,
    event_id text NOT NULL,
    template text NOT NULL,
    user_id text NOT NULL,
    order_id text NOT NULL,
    variables text NOT NULL,
    created_us bigint NOT NULL,
    UNIQUE (event_id, template)
);
CREATE INDEX notifications_by_user ON notifications (user_id, created_us, notification_id);
CREATE INDEX notifications_by_order ON notifications (order_id);

CREATE TABLE deliveries (
    delivery_id text PRIMARY KEY,
    notification_id text NOT NULL REFERENCES notifications (notification_id),
    event_id text NOT NULL,
    template text NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    state text NOT NULL,
    message_id text NOT NULL,
    attempts bigint NOT NULL,
    resends bigint NOT NULL,
    error text NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL,
    UNIQUE (event_id, template, channel, recipient)
);
CREATE INDEX deliveries_by_recipient ON deliveries (recipient, state);
CREATE INDEX deliveries_by_time ON deliveries (created_us, delivery_id);
