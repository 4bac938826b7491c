"""Invariant 4."""

from collections import Counter, defaultdict

from .check import Check

KINDS = {  # of movements → what they may do to (on hand, reserved)
    "received": lambda hand, kept: hand > 0 and kept == 0,
    "returned": lambda hand, kept: hand > 0 and kept == 0,
    "adjusted": lambda hand, kept: kept == 0,
    "reserved": lambda hand, kept: hand == 0 and kept > 0,
    "released": lambda hand, kept: hand == 0 and kept < 0,
    "shipped": lambda hand, kept: hand == kept < 0,
}


class Stock(Check):
    number = 4
    name = "stock adds up"
    holds = ("What is on hand is what was received, adjusted and returned less what was shipped; what is reserved is what the "
             "reservations hold that have not shipped; and never more is reserved than is on hand.")

    # All of it is in one database, read at one moment: nothing is under way.

    def run(self):
        inventory = self.evidence.inventory
        hand, kept, moved = Counter(), Counter(), defaultdict(Counter)
        for move in self.look("movements", inventory.stock_movements):
            hand[move.product_id] += move.on_hand_delta
            kept[move.product_id] += move.reserved_delta
            moved[move.product_id][move.type] += move.on_hand_delta
            if not KINDS.get(move.type, lambda *_: False)(move.on_hand_delta, move.reserved_delta):
                self.found(f"a movement \"{move.type}\" of {move.on_hand_delta} on hand, {move.reserved_delta} reserved ({move.reference})",
                           product=move.product_id)
        held = self.held()
        for stock in self.look("products", inventory.stock):
            product = stock.product_id
            if not 0 <= stock.reserved <= stock.on_hand:
                self.found(f"{stock.reserved} reserved of {stock.on_hand} on hand", product=product)
            if stock.on_hand != hand[product]:
                self.found(f"{stock.on_hand} on hand, its movements say {hand[product]} ({dict(moved[product])})", product=product)
            if stock.reserved != kept[product]:
                self.found(f"{stock.reserved} reserved, its movements say {kept[product]}", product=product)
            if stock.reserved != held[product]:
                self.found(f"{stock.reserved} reserved, HELD and COMMITTED reservations say {held[product]}", product=product)
        for product in held.keys() - {stock.product_id for stock in inventory.stock}:
            self.found(f"{held[product]} held, but there is no such stock", product=product)

    def held(self) -> Counter:
        states = {row.order_id: row.state for row in self.evidence.inventory.reservations}
        held = Counter()
        for line in self.evidence.inventory.reservation_lines:
            if states.get(line.order_id) in ("HELD", "COMMITTED"):
                held[line.product_id] += line.quantity
        return held
