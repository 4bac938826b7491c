"""Ctrl-C drains and ends with 0; a kill -9 loses nothing that was acknowledged; a restart finds everything."""

import signal
import threading

from shop import Shop, delivered
from support.scenario import Scenario, wait_until


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

    def test_requests_in_flight_are_answered_while_draining(self):
        ada, bread = self.customer(), self.product(stock=50)
        answers, begun = [], threading.Event()

        def ask():
            shop = Shop(self.fleet.gateway)
            for _ in range(200):
                try:
                    answers.append(shop.request("GET", f"/api/v1/products/{bread.id}", token=ada.token)["id"])
                except OSError:
                    return  # the listener is closed: the host has drained
                begun.set()
        asking = threading.Thread(target=ask)
        asking.start()
        begun.wait(10)
        self.fleet.signal(signal.SIGTERM)
        asking.join(30)
        self.assertEqual([host.process.wait(30) for host in self.fleet.hosts], [0] * len(self.fleet.hosts))
        self.assertEqual(set(answers), {bread.id})
        self.back()

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
