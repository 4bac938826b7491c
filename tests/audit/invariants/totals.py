"""Invariant 8."""

from collections import Counter, defaultdict

from ..evidence import grouped
from .check import Check


class Totals(Check):
    number = 8
    name = "totals add up, at prices that held"
    holds = ("An order's total is the sum of its lines in whole minor units; each unit price held at some moment between the request "
             "and the order; and order.created says the same.")

    def run(self):
        shop = self.evidence
        lines = grouped(shop.order.order_lines, "order_id")
        self.prices = defaultdict(list)
        for price in sorted(shop.product.prices, key=lambda price: price.valid_from_us):
            self.prices[price.product_id].append(price)
        # What an order says of itself never changes: it need not have come to rest.
        for order in self.look("orders", shop.order.orders):
            total = sum(line.quantity * line.unit_price for line in lines[order.order_id])
            if total != order.total_amount:
                self.found(f"its total is {order.total_amount}, its lines say {total}", order=order.order_id)
            for line in self.look("lines", lines[order.order_id]):
                self.price(order, line)
        self.published(lines)

    def price(self, order, line):
        begin, held = requested_us(order.order_id), []
        prices = self.prices[line.product_id]
        for price, following in zip(prices, prices[1:] + [None]):
            if price.valid_from_us <= order.created_us and (following is None or following.valid_from_us > begin):
                held.append((price.amount, price.currency))
        if (line.unit_price, order.currency) not in held:
            self.found(f"line {line.line} was sold at {line.unit_price} {order.currency}; then held {held}", order=order.order_id,
                       product=line.product_id)

    def published(self, lines):
        for record in self.evidence.events:
            order = self.evidence.orders.get(record.key) if record.topic == "order.created" else None
            if order is None:
                continue
            data, ordered, said = record.data, Counter(), Counter()
            for line in lines[order.order_id]:
                ordered[line.product_id, line.unit_price] += line.quantity
            for item in data["items"]:
                said[item["productId"], item["unitPrice"]] += item["quantity"]
            if (data["totalAmount"], data["currency"], said) != (order.total_amount, order.currency, ordered):
                self.found(f"order.created ({record.place}) says {data['totalAmount']} {data['currency']} for {dict(said)}; the order says "
                           f"{order.total_amount} {order.currency} for {dict(ordered)}", order=order.order_id)


def requested_us(order_id) -> int:
    """When the order's request first came: its id is a UUIDv7, made then."""
    return int(order_id.replace("-", "")[:12], 16) * 1000
