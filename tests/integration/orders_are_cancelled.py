"""Cancelling before the money has come, before the parcel has left, and too late."""

from shop import ADDRESS, Refused, delivered, new_key
from support.scenario import Scenario
from waiting import wait_until


class OrdersAreCancelled(Scenario):
    # Long enough for a test to come between label and pickup; and a second is less than the slow provider takes.
    settings = {"plugins": {"sandbox_carrier": {"settings": {"pickupMs": 3000, "deliverMs": 500}},
                            "sandbox_psp": {"settings": {"slowMs": 4000}},
                            "order": {"settings": {"compensationSeconds": 1}}}}

    def test_before_payment_nobody_is_charged(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order_id = ada.buy([(bread, 3)], "tok_slow")["orderId"]
        # Cancelled any sooner, the order has no answer to wait for.
        wait_until(lambda: self.query("sandbox_psp", f"""select 1 from psp_payments where reference =
            '{ada.order(order_id)["paymentId"]}'"""), what="the provider is asked")
        ada.cancel(order_id)
        order = ada.at_rest(order_id)
        self.assertEqual((order["status"], order["reason"], order["paymentStatus"]), ("CANCELLED", "customer", "VOIDED"))
        self.assertIn("answer overdue", ada.timeline(order_id))
        self.assert_stock(bread, 4)

    def test_before_the_provider_is_asked_nobody_is_charged(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order_id = ada.buy([(bread, 3)], "tok_slow")["orderId"]
        ada.cancel(order_id)
        order = ada.at_rest(order_id)
        self.assertEqual((order["status"], order["reason"], order["paymentStatus"]), ("CANCELLED", "customer", "VOIDED"))
        self.assert_stock(bread, 4)

    def test_after_payment_the_money_goes_back(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order_id = ada.buy([(bread, 3)])["orderId"]
        ada.wait(order_id, lambda order: order["status"] == "CONFIRMED")
        ada.cancel(order_id)
        order = ada.at_rest(order_id)
        self.assertEqual((order["status"], order["paymentStatus"], order["cancelRefused"]), ("CANCELLED", "REFUNDED", False))
        self.assert_stock(bread, 4)

    def test_after_shipping_it_is_too_late(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order_id = ada.buy([(bread, 1)])["orderId"]
        ada.wait(order_id, lambda order: order["fulfillmentStatus"] == "SHIPPED")
        self.assert_refused(lambda: ada.cancel(order_id), 409, "not-cancellable")
        self.assertEqual(ada.wait(order_id, delivered)["status"], "COMPLETED")
        self.assert_stock(bread, 3)

    def test_when_the_parcel_leaves_meanwhile_the_order_goes_on(self):
        """Staff ship the parcel while the customer cancels: whoever comes first wins, and nothing is half done."""
        bread = self.product(stock=4)
        ada = self.customer()
        order_id = ada.buy([(bread, 1)])["orderId"]
        ada.wait(order_id, lambda order: order["status"] == "CONFIRMED")
        shipment = self.retry_until_there(lambda: self.shop.request(
            "GET", f"/api/v1/shipments?orderId={order_id}", token=ada.token)["items"])[0]
        try:
            self.shop.request("POST", f"/api/v1/shipments/{shipment['shipmentId']}/ship", None, self.staff)
            shipped = True
        except Refused as refused:
            self.assertEqual(refused.status, 409, str(refused))
            shipped = False
        try:
            ada.cancel(order_id)
        except Refused as refused:
            self.assertEqual(refused.problem["type"], "urn:stoa:problem:not-cancellable", str(refused))
        order = ada.at_rest(order_id)
        self.assertEqual(order["status"], "COMPLETED" if shipped else "CANCELLED")
        self.assert_stock(bread, 3 if shipped else 4)

    def test_when_the_carrier_will_not_take_the_parcel_the_money_goes_back(self):
        bread = self.product(stock=4)
        ada = self.customer()
        placed = self.shop.place_order(ada.token, [(bread.id, 2)], 2 * bread.price, key=new_key(),
                                       address=ADDRESS | {"postalCode": "00000"})
        order = ada.at_rest(placed["orderId"])
        self.assertEqual((order["status"], order["reason"], order["paymentStatus"]),
                         ("CANCELLED", "shipment_cancelled", "REFUNDED"))
        self.assert_stock(bread, 4)

    def test_cancelling_twice_changes_nothing(self):
        bread = self.product(stock=4)
        ada = self.customer()
        order_id = ada.buy([(bread, 1)], "tok_slow")["orderId"]
        ada.cancel(order_id)
        ada.cancel(order_id)
        self.assertEqual(ada.at_rest(order_id)["status"], "CANCELLED")
        ada.cancel(order_id)
        self.assertEqual(ada.order(order_id)["status"], "CANCELLED")
        self.assert_stock(bread, 4)

    def retry_until_there(self, call):
        return wait_until(call, what="the shipment is made")
