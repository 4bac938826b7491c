"""Two hosts of order whose clocks are five seconds apart, on one database: whoever serves, orders end as they should."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from buyers import Buyers
from fleet import asked
from shop import delivered, new_key
from sizes import PATIENCE, sized
from support import surroundings
from support.scenario import QUICK_CARRIER, Scenario

LIBRARY = "faketime/libfaketimeMT.so.1"
SECONDS = 5


def preloaded() -> str:
    """libfaketime, behind the runtime of a sanitizer, which has to be the first."""
    found = next(Path("/usr/lib").glob(f"*/{LIBRARY}"), None)
    if found is None:
        raise AssertionError("libfaketime is not installed; run: apt-get install faketime")
    linked = subprocess.run(["ldd", surroundings.build / "bin" / "host"], check=True, capture_output=True, text=True).stdout
    return ":".join([*re.findall(r"\S+/lib[at]san\.so\S*", linked), str(found)])


class ClocksDiffer(Scenario):
    settings = {"plugins": QUICK_CARRIER, "http": {"deadline": "10s"}}
    audit_seconds = PATIENCE
    ahead = SECONDS  # of one host of order; everybody else has the right time

    @classmethod
    def setUpClass(cls):
        surroundings.topology = "two-orders"
        super().setUpClass()

    @classmethod
    def prepare(cls):
        # Only what tells the time of day; what measures durations is right everywhere.
        cls.orders()[1].environment = {"LD_PRELOAD": preloaded(), "FAKETIME": f"{cls.ahead:+}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    @classmethod
    def orders(cls) -> list:
        return [host for host in cls.fleet.hosts if "order" in host.plan.plugins]

    def published(self, host) -> float:
        _, text = asked(host.ports["ops"], "/metrics")
        rows = [line for line in text.splitlines() if line.startswith("stoa_outbox_published_total") and 'service="order"' in line]
        return sum(float(row.split()[-1]) for row in rows)

    def test_orders_end_as_they_should(self):
        bread = self.product(stock=100000)
        ada = self.customer().known()
        with Buyers(self, bread) as buyers:
            buyers.wait_for_more(sized(40, 1000))
        for _ in range(sized(3, 50)):
            self.cancelled(ada, bread)
            self.declined(ada, bread)
            self.asked_twice_at_once(ada, bread)
        self.assertEqual(buyers.failures, [])
        for customer, order in buyers.accepted:
            self.assertEqual(customer.wait(order, delivered, seconds=90)["status"], "COMPLETED")
        self.assertTrue(all(self.published(host) > 0 for host in self.orders()), "both hosts have published")
        print(f"\n{len(buyers.accepted)} orders; answers: {dict(buyers.answers)}")

    def cancelled(self, customer, bread):
        order_id = customer.buy([(bread, 1)], "tok_slow")["orderId"]
        customer.cancel(order_id)
        order = customer.at_rest(order_id)
        self.assertEqual((order["status"], order["paymentStatus"]), ("CANCELLED", "VOIDED"))

    def declined(self, customer, bread):
        order = customer.at_rest(customer.buy([(bread, 1)], "tok_declined")["orderId"])
        self.assertEqual((order["status"], order["paymentStatus"]), ("REJECTED", "FAILED"))

    def asked_twice_at_once(self, customer, bread):
        """The key is one host's, and then the other's: one order comes of it."""
        key = new_key()
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(lambda _: customer.buy([(bread, 1)], key=key, also=(409,))["orderId"], range(2)))
        self.assertEqual(len(set(made)), 1, made)
        self.assertEqual(customer.wait(made[0], delivered)["status"], "COMPLETED")
