"""Invariant 2."""

from collections import defaultdict

from ..evidence import DEAD
from .check import Check

OVER = ("VOIDED", "REFUNDED", "FAILED")


class DeadOrders(Check):
    number = 2
    name = "a dead order costs nothing"
    holds = "An order that is CANCELLED, REJECTED or EXPIRED has nothing captured that was not refunded, and no authorisation left open."

    def run(self):
        at_provider = defaultdict(list)
        for theirs in self.evidence.sandbox_psp.psp_payments:
            at_provider[theirs.reference].append(theirs)
        for order in self.settled_orders(*DEAD):
            for payment in self.evidence.payments_of.get(order.order_id, []):
                about = {"order": order.order_id, "payment": payment.payment_id}
                if payment.captured != payment.refunded:
                    self.found(f"{order.status}, but {payment.captured} captured and {payment.refunded} refunded", **about)
                elif payment.state not in OVER:
                    self.found(f"{order.status}, but the payment is {payment.state}", **about)
                for theirs in at_provider[payment.payment_id]:
                    if theirs.status == "authorized":
                        self.found(f"{order.status}, but the provider still holds {theirs.authorized} ({theirs.id})", **about)
