"""What the payment provider may answer: no, late, never, and no at first. The token decides (plugins/sandbox_psp)."""

from shop import delivered
from support.scenario import QUICK_CARRIER, Scenario


class PaymentOutcomes(Scenario):
    # A late answer comes later than payment waits for it, a slow one sooner.
    settings = {"plugins": {"payment": {"settings": {"providerTimeoutMs": 3000}}, "sandbox_psp": {"settings": {"timeoutMs": 4000}},
                            **QUICK_CARRIER}}

    def test_a_declined_payment_rejects_the_order_and_gives_the_stock_back(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order = ada.at_rest(ada.buy([(bread, 3)], "tok_declined")["orderId"])
        self.assertEqual((order["status"], order["paymentStatus"], order["reason"]), ("REJECTED", "FAILED", "payment_failed"))
        self.assert_stock(bread, 4)

    def test_a_provider_that_timed_out_but_approved_is_charged_once(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order_id = ada.buy([(bread, 1)], "tok_timeout_approved")["orderId"]
        order = ada.wait(order_id, delivered, seconds=90)
        self.assertEqual(order["paymentStatus"], "PAID")
        charged = self.query("sandbox_psp", f"select captured from psp_payments where reference = '{order['paymentId']}'")
        self.assertEqual([int(amount) for amount, in charged], [order["total"]["amount"]])
        self.assert_stock(bread, 3)

    def test_a_provider_that_timed_out_and_declined_rejects_the_order(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order = ada.at_rest(ada.buy([(bread, 1)], "tok_timeout_declined")["orderId"], seconds=90)
        self.assertEqual((order["status"], order["paymentStatus"]), ("REJECTED", "FAILED"))
        self.assert_stock(bread, 4)

    def test_a_slow_provider_is_waited_for_and_holds_up_nobody_else(self):
        bread = self.product(stock=10)
        ada, bob = self.customer("ada"), self.customer("bob")
        slow = ada.buy([(bread, 1)], "tok_slow")["orderId"]
        quick = bob.buy([(bread, 1)])["orderId"]
        bob.wait(quick, delivered)
        ada.wait(slow, delivered)
        self.assert_stock(bread, 8)

    def test_a_declined_order_can_be_paid_again(self):
        bread = self.product(stock=2)
        ada = self.customer()
        order_id = ada.buy([(bread, 2)], "tok_insufficient")["orderId"]
        first = ada.at_rest(order_id)
        self.assertEqual(first["status"], "REJECTED")
        self.assert_stock(bread, 2)
        again = ada.pay(order_id, "tok_ok")
        self.assertEqual(again["status"], "PENDING")
        self.assertNotEqual(again["paymentId"], first["paymentId"])
        ada.wait(order_id, delivered)
        self.assert_stock(bread, 0)

    def test_an_order_that_is_paid_cannot_be_paid_again(self):
        bread = self.product()
        ada = self.customer()
        order_id = ada.buy([(bread, 1)])["orderId"]
        ada.wait(order_id, delivered)
        self.assert_refused(lambda: ada.pay(order_id, "tok_ok"), 409, "not-payable")

    def test_a_capture_that_is_refused_rejects_the_order(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order = ada.at_rest(ada.buy([(bread, 1)], "tok_capture_fails")["orderId"])
        self.assertEqual(order["status"], "REJECTED")
        self.assert_stock(bread, 4)
