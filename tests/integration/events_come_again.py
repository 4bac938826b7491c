"""Every event of the shop's topics comes once more, in any order: nothing happens twice, nothing is undone."""

import subprocess

from shop import delivered
from support import surroundings
from support.scenario import Scenario
from waiting import wait_until

TOPICS = """order.created order.confirmed order.cancelled order.cancel_requested payment.authorized payment.completed
payment.failed payment.refunded payment.voided inventory.reserved inventory.reservation_failed inventory.released
inventory.committed inventory.commit_refused shipment.created shipment.shipped shipment.delivered shipment.cancelled
shipment.cancel_refused user.registered user.profile.updated""".split()


class Republished:
    def lag(self):
        rows = [group["lag"] for host in self.fleet.hosts for row in self.stoactl("topics", host=host.plan.plugins[0]) for group in row["groups"]]
        return sum(rows)

    def republish(self, order, ids):
        host = self.fleet.host_of("order")
        url = self.fleet.override.get("events", f"sqlite:{self.fleet.run / 'events.db'}")
        program = surroundings.build / "tests" / "integration" / "republish"
        done = subprocess.run([program, url, host.folder / "state", order, ids, *TOPICS], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(int(done.stdout), 20)
        wait_until(lambda: self.lag() == 0, what="everything has been read again")

    def some_orders(self):
        """One of each kind, with the customers: delivered, rejected, cancelled."""
        bread = self.product(stock=20)
        ada, bob, eve = self.customer("ada"), self.customer("bob"), self.customer("eve")
        orders = [(ada, ada.buy([(bread, 2)])["orderId"]), (bob, bob.buy([(bread, 3)], "tok_declined")["orderId"]),
                  (eve, eve.buy([(bread, 4)], "tok_slow")["orderId"])]
        eve.cancel(orders[2][1])
        ada.wait(orders[0][1], delivered)
        for person, order_id in orders[1:]:
            person.at_rest(order_id)
        self.assert_stock(bread, 18)
        return bread, orders

    def assert_unchanged_by(self, order, ids):
        bread, orders = self.some_orders()
        before = [(person.order(order_id), person.timeline(order_id)) for person, order_id in orders]
        self.republish(order, ids)
        after = [(person.order(order_id), person.timeline(order_id)) for person, order_id in orders]
        self.assertEqual(after, before)
        self.assert_stock(bread, 18)


class EventsComeAgain(Republished, Scenario):
    def test_in_order(self):
        self.assert_unchanged_by("in-order", "same-ids")

    def test_in_reverse(self):
        self.assert_unchanged_by("reversed", "same-ids")


class EventsComeUnderNewIds(Republished, Scenario):
    """Only their versions tell that they are known. Nobody has committed them, and a confirmation under another id is
    another mail."""

    audit_without = (10, 13)

    def test_in_reverse(self):
        self.assert_unchanged_by("reversed", "new-ids")
