"""Which event belongs to what, and who has to deal with it: the contract between the services, as the auditor knows it.
proof/contract_test.py compares it with the manifests."""

# Topic → the services that subscribe to it.
SUBSCRIBERS = {
    "user.registered": ("user", "notification"),
    "user.profile.updated": ("order", "notification"),
    "order.created": ("inventory", "payment", "shipping", "notification"),
    "order.confirmed": ("inventory", "shipping", "notification"),
    "order.cancel_requested": ("shipping",),
    "order.cancelled": ("inventory", "payment", "shipping", "notification"),
    "payment.authorized": ("order",),
    "payment.completed": ("order",),
    "payment.failed": ("order", "inventory"),
    "payment.voided": ("order",),
    "payment.refunded": ("order", "notification"),
    "inventory.reserved": ("order", "payment"),
    "inventory.reservation_failed": ("order", "payment"),
    "inventory.released": ("order",),
    "inventory.committed": ("order", "shipping"),
    "inventory.commit_refused": ("order",),
    "inventory.low_stock": ("product",),
    "shipment.created": ("order",),
    "shipment.shipped": ("order", "inventory", "notification"),
    "shipment.delivered": ("order", "notification"),
    "shipment.cancelled": ("order",),
    "shipment.cancel_refused": ("order",),
    "product.created": (),
    "product.updated": (),
    "product.price_changed": (),
    "product.deleted": (),
}

# What an event's key names → service, table and columns where its versions are counted: key, and events published so far.
AGGREGATES = {
    "order": ("order", "orders", "order_id", "event_version"),
    "payment": ("payment", "payments", "payment_id", "event_version"),
    "reservation": ("inventory", "reservations", "order_id", "event_version"),
    "stock": ("inventory", "stock", "product_id", "event_version"),
    "shipment": ("shipping", "shipments", "shipment_id", "event_version"),
    "product": ("product", "products", "id", "version"),
    "user": ("user", "users", "user_id", "event_version"),
}


def aggregate_of(topic: str) -> str:
    """What the events of the topic are about."""
    kind, _, what = topic.partition(".")
    return {"inventory": "stock" if what == "low_stock" else "reservation"}.get(kind, kind)


def order_of(record):
    """The order that the event is about, if it is about one."""
    kind = aggregate_of(record.topic)
    if kind in ("order", "reservation"):
        return record.key
    return record.data.get("orderId") if kind in ("payment", "shipment") else None
