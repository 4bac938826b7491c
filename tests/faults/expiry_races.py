"""The money comes in the very moment in which the hold on the stock, or the time for the order, ends: the order is completed
or has expired, and nothing is half done."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from sizes import PATIENCE, sized
from steering import Steering, numbers
from support.scenario import QUICK_CARRIER, Scenario

ROUNDS = 0   # of each race; 0: as many as the form has
TOGETHER = 5  # orders at once; the provider lets 16 wait
STOCK = 100000
LONG = 900


class ExpiryRaces(Scenario):
    settings = {"plugins": {**QUICK_CARRIER, "sandbox_psp": {"settings": {"slowMs": 900}}}}
    audit_seconds = PATIENCE

    def race(self, reason):
        """The provider takes its time, and the more of it the fewer orders have expired. Returns how often which end was
        seen."""
        rounds = ROUNDS or sized(20, 1000)
        bread = self.product(stock=STOCK)
        shoppers = [self.customer().known() for _ in range(TOGETHER)]
        moment, ends = Steering(0.8, 0.1), Counter()
        with ThreadPoolExecutor(TOGETHER) as pool:
            for _ in numbers(rounds // TOGETHER, lambda: len({status for status, _ in ends}) == 2):
                self.stoactl("config", "set", "sandbox_psp", f"settings.slowMs={round(moment.at * 1000)}", host="sandbox_psp")
                orders = list(pool.map(lambda customer: customer.at_rest(customer.buy([(bread, 1)], "tok_slow")["orderId"]), shoppers))
                for order in orders:
                    self.assert_whole(order, reason)
                    ends[order["status"], order["paymentStatus"]] += 1
                moment.came(sum(order["status"] == "COMPLETED" for order in orders) * 2 > TOGETHER)
        print(f"\n{sum(ends.values())} rounds: {dict(ends)}")
        sold = sum(count for (status, _), count in ends.items() if status == "COMPLETED")
        self.assert_stock(bread, STOCK - sold)
        self.assertTrue(0 < sold < sum(ends.values()), f"each of the two has won sometimes: {ends}")

    def assert_whole(self, order, reason):
        if order["status"] == "COMPLETED":
            self.assertEqual((order["paymentStatus"], order["fulfillmentStatus"]), ("PAID", "DELIVERED"), order)
        else:
            self.assertEqual((order["status"], order["reason"]), ("EXPIRED", reason), order)
            self.assertIn(order["paymentStatus"], ("VOIDED", "REFUNDED"), order)

    def set(self, hold, deadline):
        """Seconds."""
        self.stoactl("config", "set", "inventory", f"settings.holdSeconds={hold}", host="inventory")
        self.stoactl("config", "set", "order", f"settings.deadlineSeconds={deadline}", host="order")

    def test_the_hold_ends(self):
        self.set(hold=1, deadline=LONG)
        self.race("hold_expired")

    def test_the_time_for_the_order_is_over(self):
        self.set(hold=LONG, deadline=1)
        self.race("deadline")
