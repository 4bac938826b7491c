"""A service that was away catches up, whatever the order in which the topics reach it. One host per plugin."""

from shop import delivered
from support.scenario import Scenario
from waiting import wait_until


class ServicesComeLate(Scenario):
    def away(self, plugin):
        """Stops the host of the plugin."""
        host = self.fleet.host_of(plugin)
        host.process.terminate()
        self.assertEqual(host.process.wait(30), 0)
        return host

    def back(self, host):
        host.spawn(self.fleet.build / "bin" / "host", {})
        self.fleet.wait_until_ready()

    def test_shipping(self):
        bread = self.product(stock=5)
        ada = self.customer()
        host = self.away("shipping")
        order_id = ada.buy([(bread, 1)])["orderId"]
        ada.wait(order_id, lambda order: order["status"] == "CONFIRMED")
        ada.cancel(order_id)
        other = ada.buy([(bread, 1)])["orderId"]
        ada.wait(other, lambda order: order["status"] == "CONFIRMED")
        self.back(host)
        # Topics are not ordered against each other: shipping reads of the cancellation first, and nothing is sent, or of
        # the confirmed order, and by then the parcel has left. Either way the customer is told, and the books add up.
        order = ada.at_rest(order_id)
        self.assertIn((order["status"], order["paymentStatus"], order["cancelRefused"]),
                      (("CANCELLED", "REFUNDED", False), ("COMPLETED", "PAID", True)))
        ada.wait(other, delivered)
        self.assert_stock(bread, 3 if order["cancelRefused"] else 4)

    def test_notification(self):
        bread = self.product(stock=5)
        host = self.away("notification")
        ada = self.customer()
        ada.wait(ada.buy([(bread, 1)])["orderId"], delivered)
        self.back(host)
        wait_until(lambda: len(self.shop.request("GET", "/api/v1/notifications", token=ada.token)["items"]) >= 3,
                   what="registered, confirmed, shipped or delivered are told")
