"""A host that holds part of the outbox is stopped for ten seconds and goes on as if nothing had been (SIGSTOP, SIGCONT): the
other host publishes meanwhile, and no event is lost, out of order, or effective twice."""

import signal
import time

from buyers import Buyers
from shop import delivered
from sizes import PATIENCE, sized
from support import surroundings
from support.scenario import QUICK_CARRIER, Scenario
from waiting import wait_until

ROUNDS = 0  # freezes; 0: as many as the form has
FROZEN = 10  # seconds


class OwnerIsFrozen(Scenario):
    settings = {"plugins": QUICK_CARRIER, "http": {"deadline": "5s"}}
    audit_seconds = PATIENCE

    @classmethod
    def setUpClass(cls):
        surroundings.topology = "two-orders"
        super().setUpClass()

    def id_of(self, host):
        return (host.folder / "state" / "host_id").read_text().strip()

    def shards_of(self, host) -> int:
        """What it holds of order's outbox by the database's clock."""
        return int(self.query("order", f"""select count(*) from stoa_outbox_leases where owner = '{self.id_of(host)}'
            and expires_us > extract(epoch from clock_timestamp()) * 1000000""")[0][0])

    def waiting_since(self, before_us) -> int:
        return int(self.query("order", f"select count(*) from stoa_outbox where created_us < {before_us}")[0][0])

    def test_the_other_host_publishes(self):
        hosts = [host for host in self.fleet.hosts if "order" in host.plan.plugins]
        with Buyers(self, self.product(stock=100000), count=4, also=("504 deadline",)) as buyers:
            for number in range(ROUNDS or sized(1, 20)):
                buyers.wait_for_more()
                owner = wait_until(lambda: next((host for host in hosts[number % 2:] + hosts if self.shards_of(host)), None),
                                   what="a host holds part of the outbox")
                self.freeze(owner, buyers)
            buyers.wait_for_more()
        self.assertEqual(buyers.failures, [])
        for customer, order in buyers.accepted:
            self.assertEqual(customer.wait(order, delivered, seconds=90)["status"], "COMPLETED")
        twice = self.query("order", "select order_id, type, count(*) from order_events group by order_id, type having count(*) > 1")
        self.assertEqual(twice, [], "an event took effect twice")
        print(f"\n{len(buyers.accepted)} orders; answers: {dict(buyers.answers)}")

    def freeze(self, owner, buyers):
        frozen_us, end = time.time_ns() // 1000, time.monotonic() + FROZEN
        owner.process.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: self.shards_of(owner) == 0, what="its part of the outbox is free")
            buyers.wait_for_more()
            wait_until(lambda: self.waiting_since(frozen_us) == 0, what="the other host has published what was left")
            self.assertEqual(self.shards_of(owner), 0)
            while time.monotonic() < end:
                time.sleep(0.1)  # it is frozen for as long as this takes
        finally:
            owner.process.send_signal(signal.SIGCONT)
