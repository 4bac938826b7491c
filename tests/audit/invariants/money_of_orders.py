"""Invariant 1."""

from collections import Counter

from ..evidence import DEAD
from .check import Check


class MoneyOfOrders(Check):
    number = 1
    name = "orders and money agree"
    holds = ("What was captured for an order and not refunded is what the order says was paid, in its currency; and so is the "
             "sum over all orders.")

    def run(self):
        shop, said, taken = self.evidence, Counter(), Counter()
        for order in self.settled_orders():
            payments = shop.payments_of.get(order.order_id, [])
            net = sum(payment.captured - payment.refunded for payment in payments)
            said[order.currency] += self.claim(order, net)
            for payment in payments:
                taken[payment.currency] += payment.captured - payment.refunded
                if payment.currency != order.currency:
                    self.found(f"is in {payment.currency}, the order in {order.currency}", order=order.order_id, payment=payment.payment_id)
            # What is kept of a dead order is invariant 2's.
            if net != self.claim(order, net) and not (order.status in DEAD and self.claim(order, net) == 0):
                self.found(f"{order.status}, {order.payment_status}: {net} were taken, {self.claim(order, net)} are due", order=order.order_id)
        self.of_nobody()
        if not self.findings:  # else they say more precisely what the sums would
            self.sums(said, taken)

    @staticmethod
    def claim(order, net) -> int:
        """What the order says was paid and not given back. Of a refund in part it does not say how much; some of it."""
        if order.payment_status == "PARTIALLY_REFUNDED":
            return min(max(net, 1), order.total_amount - 1)
        return order.total_amount if order.payment_status == "PAID" else 0

    def of_nobody(self):
        shop = self.evidence
        for payment in self.look("payments", shop.payment.payments):
            if payment.order_id not in shop.orders and shop.settled(payment.order_id) and payment.captured != payment.refunded:
                self.found(f"{payment.captured - payment.refunded} were taken for order {payment.order_id}, which is not there",
                           payment=payment.payment_id)

    def sums(self, said, taken):
        kept = Counter()
        for order in self.evidence.order.orders:
            if order.status in DEAD and self.evidence.settled(order.order_id):
                for payment in self.evidence.payments_of.get(order.order_id, []):
                    kept[payment.currency] += payment.captured - payment.refunded
        for currency in said.keys() | taken.keys():
            if said[currency] != taken[currency] - kept[currency]:
                self.found(f"orders say that {said[currency]} were paid, {taken[currency]} were taken", currency=currency)
