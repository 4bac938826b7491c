"""Invariant 7."""

import json
from collections import Counter

from .check import Check

KEPT_US = 23 * 3600 * 1_000_000  # an answer is kept for 24 h


class Requests(Check):
    number = 7
    name = "every answered request is there, once"
    holds = ("Every order that somebody was told of is in the database, and so is every payment; one order per cart and per "
             "idempotency key, and none that nobody asked for.")

    def run(self):
        shop = self.evidence
        payments = {payment.payment_id for payment in shop.payment.payments}
        self.answered("order", "POST /api/v1/orders", shop.order.claims, shop.orders.keys(), "orderId")
        self.answered("payment", "POST /api/v1/payments", shop.payment.claims, payments, "paymentId")
        for order in self.look("acknowledged orders", shop.acknowledged):
            if order not in shop.orders:
                self.found("somebody was told of it, and it is not there", order=order)
        self.asked_for()
        for cart, count in Counter(order.cart_id for order in shop.order.orders if order.cart_id).items():
            if count > 1:
                self.found(f"{count} orders", cart=cart)

    def answered(self, kind, route, claims, there, field):
        """Answers that are kept for their keys name what was made, and each names its own."""
        named = Counter()
        for claim in claims:
            if claim.route != route:
                continue
            self.looked[f"answers of {route}"] += 1
            name = json.loads(claim.body)[field]
            named[name] += 1
            if name not in there:
                self.found(f"{claim.caller} was answered {claim.status}, and it is not there", **{kind: name})
        for name, count in named.items():
            # A second key for one payment is order's retry after a lost answer; an order answers to one key alone.
            if kind == "order" and count > 1:
                self.found(f"{count} idempotency keys were answered with it", order=name)

    def asked_for(self):
        keys = {claim.resource_id for claim in self.evidence.order.claims}
        for order in self.look("orders", self.evidence.order.orders):
            if order.created_us > self.evidence.now_us - KEPT_US and order.order_id not in keys:
                self.found("no request with an idempotency key was answered with it", order=order.order_id)
