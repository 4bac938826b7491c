"""An order that is not confirmed in time expires, and whatever was taken for it goes back."""

from support.scenario import Scenario


class DeadlinePasses(Scenario):
    # A late answer comes later than payment waits for it; nobody waits for it any longer than that, at the end either.
    settings = {"plugins": {"order": {"settings": {"deadlineSeconds": 1}}, "payment": {"settings": {"providerTimeoutMs": 3000}},
                            "sandbox_psp": {"settings": {"timeoutMs": 4000}}}}

    def test_while_the_provider_thinks(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order = ada.at_rest(ada.buy([(bread, 3)], "tok_slow")["orderId"])
        self.assertEqual((order["status"], order["reason"], order["paymentStatus"]), ("EXPIRED", "deadline", "VOIDED"))
        self.assert_stock(bread, 4)

    def test_while_nobody_knows_whether_the_provider_has_charged(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order = ada.at_rest(ada.buy([(bread, 1)], "tok_timeout_approved")["orderId"], seconds=90)
        self.assertEqual((order["status"], order["reason"]), ("EXPIRED", "deadline"))
        self.assertIn(order["paymentStatus"], ("VOIDED", "REFUNDED"))
        self.assert_stock(bread, 4)
