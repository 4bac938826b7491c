"""Ctrl-C drains and ends with 0; a kill -9 loses nothing that was acknowledged; a restart finds everything."""

import http.client
import signal
import threading

from shop import Refused, Shop, delivered
from support import raw
from support.scenario import Scenario
from waiting import wait_until


class HostsStopAndComeBack(Scenario):
    def back(self):
        self.fleet.start()
        self.fleet.wait_until_ready()
        type(self).shop = Shop(self.fleet.gateway)

    def kill(self):
        self.fleet.signal(signal.SIGKILL)
        for host in self.fleet.hosts:
            host.process.wait(10)

    def test_ctrl_c_drains_and_everything_is_found_again(self):
        bread = self.product(stock=5)
        ada = self.customer()
        first, second = ada.buy([(bread, 1)])["orderId"], ada.buy([(bread, 1)])["orderId"]
        ada.wait(first, delivered)
        self.fleet.signal(signal.SIGINT)
        self.assertEqual({host.name: host.process.wait(30) for host in self.fleet.hosts}, {host.name: 0 for host in self.fleet.hosts})
        self.back()
        ada.shop = self.shop
        self.assertEqual(ada.order(first)["status"], "COMPLETED")
        ada.wait(second, delivered)
        self.assert_stock(bread, 3)

    def test_requests_are_answered_until_the_host_has_drained(self):
        """The gateway's host drains; what reaches it until then is served like before."""
        ada, bread = self.customer(), self.product(stock=50)
        answers, begun, host = [], threading.Event(), self.fleet.host_of("gateway")

        def ask():
            shop = Shop(self.fleet.gateway)
            while True:
                try:
                    answers.append(shop.request("GET", f"/api/v1/products/{bread.id}", token=ada.token)["id"])
                except Refused as refused:
                    answers.append(str(refused))
                except OSError:
                    return  # the listener is closed: the host has drained
                except http.client.HTTPException as cut_off:
                    answers.append(repr(cut_off))
                begun.set()
        asking = [threading.Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        begun.wait(10)
        host.process.send_signal(signal.SIGTERM)
        self.assertEqual(host.process.wait(30), 0)
        for thread in asking:
            thread.join(30)
        self.assertEqual(set(answers), {bread.id})
        host.spawn(self.fleet.build / "bin" / "host", self.fleet.environment)
        self.fleet.wait_until_ready()

    def test_a_gateway_that_comes_back_does_not_say_that_a_service_is_not_there(self):
        """It says that it does not know yet: 404 would be believed."""
        bread, host, answers = self.product(), self.fleet.host_of("gateway"), []
        host.process.terminate()
        self.assertEqual(host.process.wait(30), 0)
        host.spawn(self.fleet.build / "bin" / "host", self.fleet.environment)

        def found():
            try:
                answers.append(raw.request(self.shop, "GET", f"/api/v1/products/{bread.id}"))
            except OSError:
                return False  # nobody listens yet
            return answers[-1].status == 200
        wait_until(found, what="the product is found again")
        for answer in answers[:-1]:
            self.assertEqual((answer.status, answer.headers.get("Retry-After") is not None), (503, True), answer.text)
        self.fleet.wait_until_ready()

    def test_a_kill_9_loses_nothing_that_was_acknowledged(self):
        bread = self.product(stock=40)
        people = [self.customer() for _ in range(4)]
        people[0].wait(people[0].buy([(bread, 1)])["orderId"], delivered)
        orders = [(person, person.buy([(bread, 1)])["orderId"]) for person in people for _ in range(3)]
        self.kill()
        self.back()
        for person, order_id in orders:
            person.shop = self.shop
            self.assertEqual(person.wait(order_id, delivered, seconds=90)["status"], "COMPLETED")
        self.assert_stock(bread, 40 - 13)

    def test_kill_9_again_and_again_while_orders_run(self):
        bread = self.product(stock=40)
        ada = self.customer()
        orders = []
        for round in range(3):
            orders += [ada.buy([(bread, 1)])["orderId"] for _ in range(2)]
            if round == 1:
                wait_until(lambda: ada.order(orders[-1])["paymentStatus"] != "NONE", what="the payment is under way")
            self.kill()
            self.back()
            ada.shop = self.shop
        for order_id in orders:
            ada.wait(order_id, delivered, seconds=90)
        self.assert_stock(bread, 40 - len(orders))
