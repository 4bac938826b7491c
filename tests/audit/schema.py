"""The tables that are read, and their columns, by service."""

MESSAGING = {  # in every service's database
    "outbox": "select event_id, topic, event_key, aggregate_version, created_us from stoa_outbox",
    "inbox": "select event_id from stoa_inbox",
    "parked": "select topic, event_key, event_id, held, reason, parked_us from stoa_parked",
}
CLAIMS = {"claims": "select caller, route, resource_id, status, body, created_us from stoa_idempotency where status between 200 and 299"}

QUERIES = {
    "auth": MESSAGING | {
        "credentials": "select user_id, email from credentials",
        "sessions": "select session_id, user_id, revoked_us, revoked_why from sessions",
        "refresh_tokens": "select session_id, used_us, expires_us from refresh_tokens",
    },
    "user": MESSAGING | {
        "users": "select user_id, email, name, locale, email_notifications, event_version from users",
    },
    "inventory": MESSAGING | {
        "stock": "select product_id, on_hand, reserved, event_version from stock",
        "stock_movements": "select product_id, type, on_hand_delta, reserved_delta, reference from stock_movements",
        "reservations": "select order_id, state, attempt, expires_us, version, event_version from reservations",
        "reservation_lines": "select order_id, product_id, quantity from reservation_lines",
    },
    "order": MESSAGING | CLAIMS | {
        "orders": "select order_id, user_id, cart_id, status, payment_status, fulfillment_status, attempt, payment_id, total_amount, "
                  "currency, version, event_version, deadline_us, stuck, created_us, updated_us from orders",
        "order_lines": "select order_id, line, product_id, quantity, unit_price from order_lines",
        "order_events": "select order_id, sequence, type from order_events order by order_id, sequence",
        "customers": "select user_id, email, name, version from customers",
    },
    # After the orders, which were sold at prices that are then there.
    "product": MESSAGING | {
        "products": "select id, sku, amount, currency, version from products",
        "prices": "select product_id, version, amount, currency, valid_from_us from prices",
    },
    "payment": MESSAGING | CLAIMS | {
        "payments": "select payment_id, order_id, attempt, amount, currency, provider_id, state, authorized, captured, refunded, open_op, "
                    "version, event_version, created_us, updated_us from payments",
        "payment_ops": "select op_id, payment_id, type, amount, state from payment_ops",
        "refunds": "select refund_id, payment_id, amount, state from refunds",
    },
    "shipping": MESSAGING | {
        "shipments": "select shipment_id, order_id, state, parcel_id, version, event_version from shipments",
        "shipment_lines": "select shipment_id, product_id, quantity from shipment_lines",
    },
    "notification": MESSAGING | {
        "recipients": "select user_id, email, name, locale, email_notifications, profile_version from recipients",
        "notifications": "select notification_id, template, user_id, order_id from notifications",
        "deliveries": "select delivery_id, notification_id, event_id, template, channel, recipient, state, message_id, resends, updated_us "
                      "from deliveries",
    },
    # The outside world, after what the services believe of it.
    "sandbox_psp": MESSAGING | {
        "psp_payments": "select id, reference, currency, status, authorized, captured, refunded from psp_payments",
        "psp_operations": "select idempotency_key, payment_id, type, amount from psp_operations where done",
    },
    "sandbox_carrier": MESSAGING | {
        "parcels": "select parcel_id, reference, status, lines from parcels",
    },
}

# How much waits in each database: what settle() looks at again and again, since everything is too much to be read so often.
BUSY = {
    "order": " union all select 1 from orders where status not in ('COMPLETED', 'CANCELLED', 'REJECTED', 'EXPIRED') and not stuck",
    "payment": " union all select 1 from payments where state = 'UNKNOWN' or open_op <> ''",
    "inventory": " union all select 1 from reservations where state = 'HELD'",
    "notification": " union all select 1 from deliveries where state in ('PENDING', 'SENDING')",
}
WAITING = {service: {"waiting": "select 1 as one from stoa_outbox union all select 1 from stoa_parked" + BUSY.get(service, "")}
           for service in QUERIES}

# What tells afterwards whether something changed while all of that was read.
AGAIN = {
    "order": {"orders": "select order_id as id, order_id, version, event_version from orders"},
    "payment": {"payments": "select payment_id as id, order_id, version, event_version from payments"},
    "inventory": {"reservations": "select order_id as id, order_id, version, event_version from reservations",
                  "stock": "select product_id as id, event_version from stock"},
    "shipping": {"shipments": "select shipment_id as id, order_id, version, event_version from shipments"},
    "product": {"products": "select id, version as event_version from products"},
    "user": {"users": "select user_id as id, event_version from users"},
    "auth": {"credentials": "select user_id as id from credentials"},
}
