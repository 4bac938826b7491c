"""Invariant 6."""

from ..evidence import FINAL
from .check import Check

PATIENCE_US = 120_000_000  # of a shop that works: what has waited longer is not on its way any more


class Rest(Check):
    number = 6
    name = "nothing is left lying"
    holds = ("No reservation is HELD past its end, no order waits past its deadline or is stuck, no payment is UNKNOWN, nothing lies "
             "in an outbox or is parked, no mail waits, and every event was dealt with by each subscriber or is a dead letter.")

    def run(self):
        self.before = self.evidence.now_us - (0 if self.evidence.at_rest else PATIENCE_US)
        self.orders()
        self.payments()
        self.holds_of_stock()
        self.messages()
        self.mails()

    def late(self, since_us) -> bool:
        """In a shop at rest everything that waits is late."""
        return self.evidence.at_rest or since_us < self.before

    def orders(self):
        for order in self.look("orders", self.evidence.order.orders):
            if order.stuck:
                self.found(f"{order.status}: its cancellation stays unanswered", order=order.order_id)
            elif order.status == "PENDING" and self.late(order.deadline_us):
                self.found(f"PENDING, {self.seconds(order.deadline_us)} s past its deadline", order=order.order_id)
            elif order.status not in FINAL and self.evidence.at_rest and order.status != "PENDING":
                self.found(f"{order.status}, last changed {self.seconds(order.updated_us)} s ago", order=order.order_id)

    def payments(self):
        for payment in self.look("payments", self.evidence.payment.payments):
            if (payment.state == "UNKNOWN" or payment.open_op) and self.late(payment.updated_us):
                self.found(f"{payment.state}, operation under way: {payment.open_op or 'none'}, for {self.seconds(payment.updated_us)} s",
                           order=payment.order_id, payment=payment.payment_id)

    def holds_of_stock(self):
        for row in self.look("reservations", self.evidence.inventory.reservations):
            if row.state == "HELD" and self.late(row.expires_us):
                self.found(f"HELD, {self.seconds(row.expires_us)} s past its end", order=row.order_id)

    def messages(self):
        for service, tables in self.evidence.services.items():
            for row in tables.outbox:
                if self.late(row.created_us):
                    self.found(f"lies in the outbox of {service} for {self.seconds(row.created_us)} s", event=row.event_id, topic=row.topic)
            for row in tables.parked:
                if self.late(row.parked_us):
                    self.found(f"is parked in {service} for {self.seconds(row.parked_us)} s: {row.reason}", event=row.event_id, topic=row.topic)
        self.looked["events"] = len(self.evidence.events)
        for record, service in self.evidence.unhandled:
            if self.late(record.time_us):
                self.found(f"{service} has not dealt with it for {self.seconds(record.time_us)} s", event=record.id, topic=record.topic,
                           key=record.key)

    def mails(self):
        for row in self.look("deliveries", self.evidence.notification.deliveries):
            if row.state in ("HELD", "PENDING", "SENDING") and self.late(row.updated_us):
                self.found(f"{row.template} to {row.recipient or 'somebody unknown'} is {row.state}", delivery=row.delivery_id)

    def seconds(self, since_us) -> int:
        return (self.evidence.now_us - since_us) // 1_000_000
