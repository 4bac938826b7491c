"""Invariant 5."""

from collections import Counter, defaultdict

from ..evidence import DEAD, summed
from .check import Check

PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")  # refunds of what was bought are the shop's own affair
KEPT = ("HELD", "COMMITTED", "SHIPPED")


class Reservations(Check):
    number = 5
    name = "a confirmed order has its stock, a dead one has none"
    holds = ("A CONFIRMED or COMPLETED order is paid and has one reservation, COMMITTED or SHIPPED, of just what was ordered. A dead "
             "order keeps no stock. What was allocated for an order was released or shipped, once.")

    def run(self):
        inventory = self.evidence.inventory
        self.states = {row.order_id: row.state for row in inventory.reservations}
        self.reserved = summed(inventory.reservation_lines, "order_id")
        self.moves = defaultdict(lambda: defaultdict(Counter))  # order → type → product
        for move in inventory.stock_movements:
            if move.type in ("reserved", "released", "shipped"):
                self.moves[move.reference][move.type][move.product_id] += abs(move.reserved_delta)
        for order in self.settled_orders("CONFIRMED", "COMPLETED"):
            self.alive(order)
        for order in self.settled_orders(*DEAD):
            self.dead(order)

    def alive(self, order):
        state, ordered = self.states.get(order.order_id), self.evidence.lines_of.get(order.order_id, {})
        if order.payment_status not in PAID:
            self.found(f"{order.status}, but {order.payment_status}", order=order.order_id)
        if state not in (("COMMITTED", "SHIPPED") if order.status == "CONFIRMED" else ("SHIPPED",)):
            self.found(f"{order.status}, but its reservation is {state}", order=order.order_id)
        elif self.reserved.get(order.order_id) != ordered:
            self.found(f"reserved are {self.reserved.get(order.order_id)}, ordered were {ordered}", order=order.order_id)
        self.balance(order, ordered, state)

    def dead(self, order):
        state = self.states.get(order.order_id)
        if state in KEPT:
            self.found(f"{order.status}, but its reservation is {state}", order=order.order_id)
        self.balance(order, {}, None)

    def balance(self, order, ordered, state):
        """Movements of the order: allocated = released + shipped + what is still kept."""
        moves = self.moves[order.order_id]
        for product in moves["reserved"].keys() | moves["released"].keys() | moves["shipped"].keys() | ordered.keys():
            allocated, released, shipped = (moves[kind][product] for kind in ("reserved", "released", "shipped"))
            kept = ordered.get(product, 0) if state == "COMMITTED" else 0
            if allocated != released + shipped + kept:
                self.found(f"{allocated} were allocated, {released} released, {shipped} shipped, {kept} are kept",
                           order=order.order_id, product=product)
            elif shipped != (ordered.get(product, 0) if state == "SHIPPED" else 0):
                self.found(f"{order.status}: {shipped} left the stock, {ordered.get(product, 0)} were ordered", order=order.order_id, product=product)
