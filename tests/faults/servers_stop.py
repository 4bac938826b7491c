"""Kafka and PostgreSQL are stopped while customers buy: what is asked is accepted or refused with a clear 503, and what was
accepted completes once the server is back."""

import time

from buyers import Buyers
from own_servers import OwnServers
from shop import delivered
from sizes import PATIENCE, sized
from support import surroundings
from support.scenario import QUICK_CARRIER, Scenario
from waiting import wait_until

servers = None


def setUpModule():
    global servers
    servers = OwnServers(surroundings.run / "servers")
    servers.__enter__()


def tearDownModule():
    servers.__exit__()


class ServersStop(Scenario):
    # What nobody knows the end of keeps its key for the deadline and 5 s more.
    settings = {"plugins": QUICK_CARRIER, "http": {"deadline": "5s"}}
    audit_seconds = PATIENCE

    def stopped(self, server, seconds):
        """Customers buy before, while and after the server is away, `seconds` long. Returns what they saw."""
        with Buyers(self, self.product(stock=100000)) as buyers:
            buyers.wait_for_more()
            before = len(buyers.accepted)
            server.stop()
            self.customers_find_the_host_alive(time.monotonic() + seconds)
            meanwhile = len(buyers.accepted) - before
            server.start()
            buyers.wait_for_more()
        self.assertEqual(buyers.failures, [])
        for customer, order in buyers.accepted:
            self.assertEqual(customer.wait(order, delivered, seconds=90)["status"], "COMPLETED")
        print(f"\n{server.name} away for {seconds} s: {meanwhile} orders accepted meanwhile, answers in all: {dict(buyers.answers)}")
        return buyers, meanwhile

    def customers_find_the_host_alive(self, until):
        while time.monotonic() < until:
            for host in self.fleet.hosts:
                self.assertTrue(host.running(), host.log_end())
            time.sleep(0.2)  # the server is away for as long as this takes

    def test_kafka(self):
        _, meanwhile = self.stopped(servers.kafka, sized(5, 20))
        self.assertGreater(meanwhile, 0, "orders are accepted without the broker: the outbox keeps their events")

    def test_postgresql(self):
        buyers, _ = self.stopped(servers.postgresql, sized(3, 10))
        self.assertTrue([answer for answer in buyers.answers if str(answer).startswith("503")], "orders were refused meanwhile")
        wait_until(lambda: all(host.ready()[0] for host in self.fleet.hosts), what="the hosts are ready again")
