"""The line to PostgreSQL, to Kafka and to the payment provider is slow, cut, silent, or carries a byte at a time while customers
buy: nobody waits for longer than the deadline, breakers open and close again, and what was accepted completes."""

import os
import re
import time
import urllib.parse

from buyers import Buyers
from fleet import asked
from own_servers import OwnServers
from ports import free_port
from shop import delivered
from sizes import PATIENCE, sized
from support import surroundings
from support.scenario import QUICK_CARRIER, Scenario
from topology import merged
from toxiproxy import PIECEMEAL, RESET, SILENT, SLOW, Toxiproxy
from waiting import wait_until

DEADLINE = 3   # seconds
GRACE = 3      # seconds more until an answer has come, on a busy machine
OPEN = 2       # a breaker's state in the metrics
# Seconds of the short form: what keeps answers away lasts longer than the deadline.
FAULTS = ((SLOW, DEADLINE + 1), (RESET, 2), (SILENT, DEADLINE + 1), (PIECEMEAL, 2))
BREAKER = re.compile(r'^client_breaker_state\{target="([^"]+)"\} (\d)', re.MULTILINE)

servers = toxiproxy = None


def setUpModule():
    global servers, toxiproxy
    servers = OwnServers(surroundings.run / "servers")
    servers.kafka.advertised = free_port()
    servers.__enter__()
    toxiproxy = Toxiproxy(surroundings.run / "toxiproxy.log")
    toxiproxy.line("kafka", servers.kafka.port(), servers.kafka.advertised)
    postgresql = urllib.parse.urlsplit(os.environ["STOA_TEST_POSTGRESQL"])
    port = toxiproxy.line("postgresql", postgresql.port)
    os.environ["STOA_TEST_POSTGRESQL"] = postgresql._replace(netloc=f"{postgresql.username}@127.0.0.1:{port}").geturl()


def tearDownModule():
    toxiproxy.stop()
    servers.__exit__()


class LinesFail(Scenario):
    # What was parked while a line failed is tried again soon.
    settings = {"plugins": {**QUICK_CARRIER, "payment": {"settings": {"providerTimeoutMs": 500}}},
                "http": {"deadline": f"{DEADLINE}s"}, "parked": {"retries": ["1s", "3s", "60s"]}}
    audit_after = "all"
    audit_seconds = PATIENCE

    @classmethod
    def prepare(cls):
        port = toxiproxy.line("provider", cls.fleet.host_of("sandbox_psp").ports["internal"])
        cls.fleet.override = merged(cls.fleet.override, {"plugins": {"payment": {
            "external": {"psp": {"url": f"http://127.0.0.1:{port}/api/v1/psp"}}}}})

    def breakers(self) -> dict:
        """Target → state."""
        found = {}
        for host in self.fleet.hosts:
            found |= {target: int(state) for target, state in BREAKER.findall(asked(host.ports["ops"], "/metrics")[1])}
        return found

    def fail(self, line, opens=()):
        """Customers buy while one fault after the other comes and goes. (fault, target): this one lasts until the target's
        breaker has opened."""
        opened = {}
        with Buyers(self, self.product(stock=100000), pause=0.8, also=("504 deadline",)) as buyers:
            buyers.wait_for_more()
            for kind, seconds in FAULTS:
                with toxiproxy.fault(line, kind):
                    targets = [target for fault, target in opens if fault == kind]
                    opened[kind[0]] = self.watch(time.monotonic() + sized(seconds, 20), targets)
                buyers.wait_for_more(4)
            wait_until(lambda: not any(self.breakers().values()), 90, "all breakers are closed again")
        self.assertEqual(buyers.failures, [])
        self.assertLess(buyers.slowest, DEADLINE + GRACE)
        for customer, order in buyers.accepted:
            self.assertEqual(customer.wait(order, delivered, seconds=120)["status"], "COMPLETED")
        print(f"\n{line}: {dict(buyers.answers)}; the slowest answer came after {buyers.slowest:.1f} s; breakers opened: {opened}")

    def watch(self, end, targets) -> set:
        """The targets whose breaker was seen open until then; these have to be among them, and are waited for."""
        opened = set()
        while time.monotonic() < end or not opened.issuperset(targets):
            self.assertLess(time.monotonic(), end + 60, f"of {targets} the breakers of {opened} have opened")
            for host in self.fleet.hosts:
                self.assertTrue(host.running(), host.log_end())
            opened |= {target for target, state in self.breakers().items() if state == OPEN}
            time.sleep(0.2)  # the fault lasts for as long as this takes
        return opened

    def test_to_postgresql(self):
        self.fail("postgresql", [(RESET, "order")])

    def test_to_kafka(self):
        self.fail("kafka")

    def test_to_the_provider(self):
        self.fail("provider", [(RESET, "payment/psp"), (SILENT, "payment/psp")])
