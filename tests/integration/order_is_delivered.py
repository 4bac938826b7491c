"""The happy path: from registration to the parcel at the door."""

from shop import delivered
from support.scenario import QUICK_CARRIER, Scenario


class OrderIsDelivered(Scenario):
    settings = {"plugins": QUICK_CARRIER}

    def test_a_new_customer_gets_what_was_ordered(self):
        bread, tea = self.product(price=490, stock=5), self.product(price=1250, stock=3)
        ada = self.customer("ada")
        placed = ada.buy([(bread, 2), (tea, 1)])
        self.assertEqual((placed["status"], placed["total"]), ("PENDING", {"amount": 2230, "currency": "EUR"}))
        order = ada.wait(placed["orderId"], delivered)
        self.assertEqual((order["status"], order["paymentStatus"]), ("COMPLETED", "PAID"))
        self.assertEqual([(line["quantity"], line["lineTotal"]["amount"]) for line in order["lines"]], [(2, 980), (1, 1250)])
        self.assert_stock(bread, 3)
        self.assert_stock(tea, 2)

    def test_the_timeline_tells_it_in_order(self):
        bread = self.product()
        ada = self.customer("ada")
        order_id = ada.buy([(bread, 1)])["orderId"]
        ada.wait(order_id, delivered)
        told = ada.timeline(order_id)
        steps = [told.index(step) for step in ("status PENDING", "status CONFIRMED", "status COMPLETED")]
        self.assertEqual(steps, sorted(steps), told)

    def test_orders_of_many_customers_do_not_mix(self):
        bread = self.product(price=300, stock=20)
        people = [self.customer() for _ in range(4)]
        orders = [(person, person.buy([(bread, number)])["orderId"], number) for number, person in enumerate(people, 1)]
        for person, order_id, number in orders:
            order = person.wait(order_id, delivered)
            self.assertEqual((order["userId"], order["total"]["amount"]), (person.user_id, 300 * number))
            mine = self.shop.request("GET", "/api/v1/orders", token=person.token)["items"]
            self.assertEqual([one["orderId"] for one in mine], [order_id])
        self.assert_stock(bread, 10)
