"""Nobody gets what is not there, and what is there goes to exactly one."""

from concurrent.futures import ThreadPoolExecutor

from shop import Refused, delivered
from support.scenario import Scenario

CUSTOMERS = 50


class StockRunsOut(Scenario):
    def test_an_order_for_what_is_not_there_is_refused(self):
        bread = self.product(stock=0)
        ada = self.customer()
        problem = self.assert_refused(lambda: ada.buy([(bread, 1)]), 409, "out-of-stock")
        self.assertEqual(problem["shortages"], [{"productId": bread.id, "requested": 1, "available": 0}])

    def test_an_order_of_which_a_part_is_not_there_takes_nothing(self):
        bread, tea = self.product(stock=5), self.product(stock=1)
        ada = self.customer()
        problem = self.assert_refused(lambda: ada.buy([(bread, 2), (tea, 2)]), 409, "out-of-stock")
        self.assertEqual([(short["productId"], short["available"]) for short in problem["shortages"]], [(tea.id, 1)])
        self.assert_stock(bread, 5)
        self.assert_stock(tea, 1)

    def test_lines_of_one_product_count_together(self):
        bread = self.product(stock=3)
        ada = self.customer()
        refused = False
        try:
            order = ada.at_rest(ada.buy([(bread, 2), (bread, 2)])["orderId"])
            self.assertEqual((order["status"], order["reason"]), ("REJECTED", "out_of_stock"))
        except Refused as problem:
            refused = problem.status == 409
            self.assertTrue(refused, str(problem))
        self.assert_stock(bread, 3)

    def test_the_last_item_goes_to_exactly_one_of_fifty(self):
        bread = self.product(stock=1)
        with ThreadPoolExecutor(10) as pool:
            people = list(pool.map(lambda _: self.customer(), range(CUSTOMERS)))
        with ThreadPoolExecutor(CUSTOMERS) as pool:
            ends = list(pool.map(lambda person: self.outcome(person, bread), people))
        self.assertEqual(ends.count("COMPLETED"), 1, ends)
        self.assertEqual(ends.count("REJECTED") + ends.count("refused"), CUSTOMERS - 1, ends)
        self.assert_stock(bread, 0)

    def test_who_gets_only_a_part_keeps_nothing(self):
        """Ten want the last bread together with tea, of which there is enough."""
        bread, tea = self.product(stock=1), self.product(stock=10)
        with ThreadPoolExecutor(10) as pool:
            people = list(pool.map(lambda _: self.customer(), range(10)))
            ends = list(pool.map(lambda person: self.outcome(person, tea, bread), people))
        self.assertEqual(ends.count("COMPLETED"), 1, ends)
        self.assertEqual(ends.count("REJECTED") + ends.count("refused"), 9, ends)
        self.assert_stock(bread, 0)
        self.assert_stock(tea, 9)

    def outcome(self, person, *products):
        """How one customer's attempt ends; "refused" when the shop saw at once that nothing was left."""
        try:
            order_id = person.buy([(product, 1) for product in products])["orderId"]
        except Refused as refused:
            self.assertEqual(refused.problem.get("type"), "urn:stoa:problem:out-of-stock", str(refused))
            return "refused"
        return person.at_rest(order_id, seconds=120)["status"]

    def test_what_comes_back_can_be_bought_again(self):
        bread = self.product(stock=1)
        ada, bob = self.customer("ada"), self.customer("bob")
        ada.at_rest(ada.buy([(bread, 1)], "tok_declined")["orderId"])
        self.assert_stock(bread, 1)
        bob.wait(bob.buy([(bread, 1)])["orderId"], delivered)
        self.assert_stock(bread, 0)
