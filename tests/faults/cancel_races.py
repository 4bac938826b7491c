"""A customer cancels in the very moment in which the money is captured, or the parcel picked up: either of them wins, and
nothing is half done."""

import time
from collections import Counter

from shop import Refused, retried
from sizes import PATIENCE, sized
from steering import Steering, in_threads
from support.scenario import Scenario

ROUNDS = 0  # of each race; 0: as many as the form has
SHOPPERS = 4
STOCK = 100000


class CancelRaces(Scenario):
    settings = {"plugins": {"sandbox_carrier": {"settings": {"pickupMs": 300, "deliverMs": 20}}}}
    audit_seconds = PATIENCE

    def race(self, at, early, ends_wanted):
        """Every shopper cancels again and again, `at` seconds after the order at first. early(order): the cancellation
        came before the other. Each of the ends that are wanted (status, payment) has to come sometimes."""
        rounds = ROUNDS or sized(20, 1000)
        bread = self.product(stock=STOCK)
        shoppers = [self.customer().known() for _ in range(SHOPPERS)]
        steering = [Steering(at, at / 4) for _ in shoppers]
        ends = Counter()

        def once(thread):
            customer, moment = shoppers[thread], steering[thread]
            placed = customer.buy([(bread, 1)])["orderId"]
            time.sleep(moment.at)  # the moment that is raced for
            try:
                retried(lambda: customer.cancel(placed))
                refused = False
            except Refused as no:
                self.assertEqual(no.problem["type"], "urn:stoa:problem:not-cancellable", str(no))
                refused = True
            order = customer.at_rest(placed)
            self.assert_whole(order, refused)
            ends[order["status"], order["paymentStatus"]] += 1
            moment.came(early(order))

        in_threads(rounds, once, SHOPPERS, lambda: all(ends[end] for end in ends_wanted))
        print(f"\n{sum(ends.values())} rounds: {dict(ends)}")
        sold = sum(count for (status, _), count in ends.items() if status == "COMPLETED")
        self.assert_stock(bread, STOCK - sold)
        self.assertTrue(all(ends[end] for end in ends_wanted), f"each of the two has won sometimes: {ends}")

    def assert_whole(self, order, refused):
        """Either the parcel came and was paid, or nobody paid and nothing came."""
        if order["status"] == "COMPLETED":
            self.assertEqual((order["paymentStatus"], order["fulfillmentStatus"]), ("PAID", "DELIVERED"), order)
            self.assertTrue(refused or order["cancelRefused"], order)
        else:
            self.assertEqual((order["status"], order["reason"], refused), ("CANCELLED", "customer", False), order)
            self.assertIn(order["paymentStatus"], ("VOIDED", "REFUNDED"), order)

    def test_the_money_is_captured(self):
        self.race(0.05, lambda order: order["paymentStatus"] == "VOIDED", [("CANCELLED", "VOIDED"), ("CANCELLED", "REFUNDED")])

    def test_the_parcel_is_picked_up(self):
        self.race(0.4, lambda order: order["status"] == "CANCELLED", [("CANCELLED", "REFUNDED"), ("COMPLETED", "PAID")])
