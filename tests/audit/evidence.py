"""Everything that the checks look at, read once.

A shop may be working while it is read, and no store knows of the others. So the order of reading matters: every
database of one moment, then the topics, then once more the versions of what can change. What an order's services have
written down is comparable when nothing of it changed in between, and when each of them has dealt with every event about
it that was there by then. All other orders are *under way*, and left out.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace

from . import topics
from .schema import AGAIN, QUERIES, WAITING
from .stores import places

FINAL = ("COMPLETED", "CANCELLED", "REJECTED", "EXPIRED")
DEAD = ("CANCELLED", "REJECTED", "EXPIRED")
MOVING = ("PENDING", "CANCEL_PENDING")


@dataclass
class Evidence:
    """`services` and what is `again`: name → table → rows. A shop `at_rest` has nothing under way: whatever is, is
    wrong."""
    services: dict
    again: dict
    records: list      # of the topics, dead letters as well
    trimmed: set       # topics that have forgotten their first records
    mails: tuple       # what the sink held before and after, None when nobody can look
    own_sink: bool     # nobody else's mails are in it
    now_us: int
    at_rest: bool
    acknowledged: frozenset = field(default_factory=frozenset)  # orders that somebody was told of

    def __getattr__(self, name):
        """The tables of a service, by its name."""
        if name in self.__dict__.get("services", {}):
            return self.services[name]
        raise AttributeError(name)

    @cached_property
    def orders(self) -> dict:
        return {row.order_id: row for row in self.order.orders}

    @cached_property
    def payments_of(self) -> dict:
        return grouped(self.payment.payments, "order_id")

    @cached_property
    def lines_of(self) -> dict:
        """Order → product → how much was ordered."""
        return summed(self.order.order_lines, "order_id")

    @cached_property
    def events(self) -> list:
        """Records of the shop's own topics."""
        return [record for record in self.records if record.topic in topics.SUBSCRIBERS]

    @cached_property
    def dead_letters(self) -> list:
        """Records of the shop's own topics that a service has given up, by service and event."""
        return [record for record in self.records if record.topic.partition(".dlq.")[0] in topics.SUBSCRIBERS and ".dlq." in record.topic]

    @cached_property
    def unhandled(self) -> list:
        """(record, service): what a subscriber has neither dealt with nor made a dead letter of, nor parked."""
        dealt = {(service, row.event_id) for service, tables in self.services.items() for row in tables.inbox + tables.parked}
        dealt |= {(letter.headers.get("dlq_service"), letter.headers.get("dlq_event_id")) for letter in self.dead_letters}
        return [(record, service) for record in self.events for service in topics.SUBSCRIBERS[record.topic] if (service, record.id) not in dealt]

    @cached_property
    def under_way(self) -> dict:
        """Order → why what is written down about it need not agree yet; of a shop at rest, none."""
        if self.at_rest:
            return {}
        found = dict.fromkeys(self._changed_meanwhile, "changed meanwhile")
        found |= {row.order_id: row.status for row in self.order.orders if row.status in MOVING}
        found |= {row.order_id: f"payment {row.state}" for row in self.payment.payments if row.open_op or row.state in ("CREATED", "UNKNOWN")}
        for record, service in self.unhandled:
            found[topics.order_of(record)] = f"{service} has not read {record.topic} yet"
        of_payment = {row.payment_id: row.order_id for row in self.payment.payments}
        of_shipment = {row.shipment_id: row.order_id for row in self.shipping.shipments}
        for service, tables in self.services.items():
            for row in tables.outbox + tables.parked:
                found[of_payment.get(row.event_key) or of_shipment.get(row.event_key) or row.event_key] = f"{row.topic} waits in {service}"
        return found

    @cached_property
    def _changed_meanwhile(self) -> set:
        changed = set()
        for service, table, key in (("order", "orders", "order_id"), ("payment", "payments", "payment_id"),
                                    ("inventory", "reservations", "order_id"), ("shipping", "shipments", "shipment_id")):
            before = {getattr(row, key): row.version for row in getattr(self.services[service], table)}
            changed |= {row.order_id for row in getattr(self.again[service], table) if before.get(row.id) != row.version}
        return changed

    def settled(self, order_id) -> bool:
        """Whether all services have said their last word about the order so far."""
        return order_id not in self.under_way


def grouped(rows, key) -> dict:
    found = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def summed(rows, key) -> dict:
    """The rows' `quantity`, by `key` and product."""
    found = defaultdict(lambda: defaultdict(int))
    for row in rows:
        found[getattr(row, key)][row.product_id] += row.quantity
    return {name: dict(products) for name, products in found.items()}


def gather(run, at_rest=False, acknowledged=()) -> Evidence:
    """Reads the shop in this run directory. Raises CannotLook when one of its stores can't be read."""
    where = places.find(run)
    mails_before = where.sink.read() if where.sink else None
    services = read(where.databases, QUERIES)
    records, trimmed = where.log.read()
    mails_after = where.sink.read() if where.sink else None
    return Evidence(services, read(where.databases, AGAIN), records, trimmed, (mails_before, mails_after),
                    bool(where.sink) and where.sink.own, time.time_ns() // 1000, at_rest, frozenset(acknowledged))


def quiet(run) -> bool:
    """Whether nothing waits in the databases; what is on its way between them is not looked for."""
    return not any(tables.waiting for tables in read(places.find(run).databases, WAITING).values())


def read(databases, queries) -> dict:
    return {name: SimpleNamespace(**databases[name].read(tables)) for name, tables in queries.items()}
