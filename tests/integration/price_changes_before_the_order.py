"""A customer pays what they saw, or is told the new price."""

from shop import delivered
from support.scenario import Scenario


class PriceChangesBeforeTheOrder(Scenario):
    def change(self, product, amount):
        found = self.shop.request("GET", f"/api/v1/products/{product.id}")
        self.shop.request("PUT", f"/api/v1/products/{product.id}/price", {"amount": amount, "currency": "EUR"}, self.staff,
                          headers={"If-Match": f'"{found["version"]}"'})

    def test_the_old_total_is_refused_with_the_new_one(self):
        bread = self.product(price=400, stock=5)
        ada = self.customer()
        self.change(bread, 450)
        problem = self.assert_refused(lambda: ada.buy([(bread, 2)]), 409, "price-changed")
        self.assertEqual(problem["total"], {"amount": 900, "currency": "EUR"})
        order = ada.wait(ada.buy([(bread, 2)], total=problem["total"]["amount"])["orderId"], delivered)
        self.assertEqual(order["lines"][0]["unitPrice"]["amount"], 450)

    def test_a_price_is_changed_only_by_who_has_seen_it(self):
        bread = self.product(price=400)
        change = {"amount": 450, "currency": "EUR"}
        path = f"/api/v1/products/{bread.id}/price"
        self.assert_refused(lambda: self.shop.request("PUT", path, change, self.staff), 428, "precondition-required")
        self.change(bread, 430)
        self.assert_refused(lambda: self.shop.request("PUT", path, change, self.staff, headers={"If-Match": '"1"'}),
                            412, "precondition-failed")

    def test_an_order_keeps_the_price_of_its_moment(self):
        bread = self.product(price=400, stock=5)
        ada = self.customer()
        order_id = ada.buy([(bread, 1)])["orderId"]
        self.change(bread, 999)
        self.assertEqual(ada.wait(order_id, delivered)["total"]["amount"], 400)
