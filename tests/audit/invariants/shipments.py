"""Invariant 12."""

import json
from collections import defaultdict

from ..evidence import DEAD, summed
from .check import Check

LEFT = ("SHIPPED", "IN_TRANSIT", "DELIVERED")
BOOKED = ("BOOKING", "LABELLED", "CANCELLING") + LEFT


class Shipments(Check):
    number = 12
    name = "what leaves was ordered, confirmed, and no more"
    holds = ("No more is shipped of a line than was ordered; nothing is handed to the carrier for an order that was not confirmed, "
             "or is dead; an order is DELIVERED only when all of it has arrived; and the carrier knows of no other parcels.")

    def run(self):
        shop = self.evidence
        self.confirmed = {entry.order_id for entry in shop.order.order_events if entry.type == "status CONFIRMED"}
        self.lines = summed(shop.shipping.shipment_lines, "shipment_id")
        self.parcels = defaultdict(list)
        for parcel in self.look("parcels", shop.sandbox_carrier.parcels):
            self.parcels[parcel.reference].append(parcel)
        shipments = defaultdict(list)
        for shipment in shop.shipping.shipments:
            shipments[shipment.order_id].append(shipment)
        for order in self.settled_orders():
            for shipment in self.look("shipments", shipments[order.order_id]):
                self.shipment(order, shipment)
            self.delivered(order, shipments[order.order_id])
        self.of_nobody()

    def shipment(self, order, shipment):
        about = {"order": order.order_id, "shipment": shipment.shipment_id}
        if shipment.state in BOOKED and order.order_id not in self.confirmed:
            self.found(f"{shipment.state}, but the order was never confirmed ({order.status})", **about)
        if shipment.state in LEFT and order.status in DEAD:
            self.found(f"{shipment.state}, but the order is {order.status}", **about)
        ordered = self.evidence.lines_of.get(order.order_id, {})
        for product, quantity in self.lines.get(shipment.shipment_id, {}).items():
            if shipment.state in LEFT and quantity > ordered.get(product, 0):
                self.found(f"{quantity} shipped, {ordered.get(product, 0)} ordered", **about, product=product)
        self.at_carrier(shipment, about)

    def at_carrier(self, shipment, about):
        there = [parcel for parcel in self.parcels[shipment.shipment_id] if parcel.status != "CANCELLED"]
        if len(there) > 1:
            self.found(f"the carrier has {len(there)} parcels for it", **about)
        if shipment.state in LEFT and not there:
            self.found(f"{shipment.state}, but the carrier has no parcel", **about)
        if shipment.state in ("EXPECTED", "PENDING", "CANCELLED") and there:
            self.found(f"{shipment.state}, but the carrier has parcel {there[0].parcel_id} ({there[0].status})", **about)
        for parcel in there:
            lines = {line["productId"]: line["quantity"] for line in json.loads(parcel.lines)}
            if lines != self.lines.get(shipment.shipment_id):
                self.found(f"the parcel holds {lines}, the shipment {self.lines.get(shipment.shipment_id)}", **about, parcel=parcel.parcel_id)

    def delivered(self, order, shipments):
        arrived = defaultdict(int)
        for shipment in shipments:
            for product, quantity in self.lines.get(shipment.shipment_id, {}).items():
                arrived[product] += quantity if shipment.state == "DELIVERED" else 0
        ordered = self.evidence.lines_of.get(order.order_id, {})
        short = {product: quantity for product, quantity in ordered.items() if arrived[product] < quantity}
        if order.fulfillment_status == "DELIVERED" and short:
            self.found(f"DELIVERED, but these have not arrived: {short}", order=order.order_id)

    def of_nobody(self):
        """Parcels of no shipment; those of shipments that came while we looked are not that."""
        known = {shipment.shipment_id for shipment in self.evidence.shipping.shipments} | {row.id for row in self.evidence.again["shipping"].shipments}
        for reference in self.parcels.keys() - known:
            self.found("the carrier has it for no shipment of ours", parcel=self.parcels[reference][0].parcel_id)
