"""The disk under a store is full while customers buy: they are told so, nothing is lost, and all goes on when there is room."""

import shutil
import tempfile
import time
from pathlib import Path

from buyers import Buyers
from own_servers import OwnServers
from shop import delivered
from sizes import PATIENCE, sized
from small_disk import SmallDisk
from support import surroundings
from support.scenario import QUICK_CARRIER, Scenario
from waiting import wait_until

LEFT = 256 << 10  # bytes until it is full


class DiskIsFull(Scenario):
    # What was parked or claimed while the disk was full is tried again soon.
    settings = {"plugins": QUICK_CARRIER, "http": {"deadline": "3s"}, "parked": {"retries": ["1s", "3s", "60s"]}}
    audit_seconds = PATIENCE

    def full(self, disk, hurt, again=lambda: None):
        """Customers buy until it hurts that the disk is full, for a while more, and when there is room; `again` is done before
        the last."""
        with Buyers(self, self.product(stock=100000), pause=0.8, also=("504 deadline",)) as buyers:
            buyers.wait_for_more()
            disk.fill(LEFT)
            try:
                wait_until(lambda: hurt(buyers), 60, f"somebody notices: {dict(buyers.answers)}")
                end = time.monotonic() + sized(3, 20)
                while time.monotonic() < end:
                    for host in self.fleet.hosts:
                        self.assertTrue(host.running(), host.log_end())
                    time.sleep(0.2)  # it is full for as long as this takes
            finally:
                disk.make_room()
            again()
            buyers.wait_for_more()
        self.assertEqual(buyers.failures, [])
        for customer, order in buyers.accepted:
            self.assertEqual(customer.wait(order, delivered, seconds=120)["status"], "COMPLETED")
        wait_until(lambda: all(host.ready()[0] for host in self.fleet.hosts), what="the hosts are ready again")
        print(f"\n{dict(buyers.answers)}")

    @staticmethod
    def refused(buyers):
        return any(str(answer).startswith("503") for answer in buyers.answers)


class UnderEmbeddedStores(DiskIsFull):
    """Databases, event log, state directories and logs of the hosts: all on one disk."""

    @classmethod
    def setUpClass(cls):
        surroundings.stores = "embedded"
        cls.disk = SmallDisk(surroundings.run / cls.__name__)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.disk.remove()

    def test_orders_go_on_when_there_is_room(self):
        self.full(self.disk, self.refused)

    def test_an_upgrade_changes_nothing_and_says_why(self):
        bread, ada = self.product(), self.customer()
        self.disk.fill(0)
        try:
            refused = self.stoactl("upgrade", str(surroundings.plugin("order")), "--force", host="order", code=1)
        finally:
            self.disk.make_room()
        self.assertRegex(refused["error"]["message"], "[Nn]o space left")
        self.assertEqual(ada.wait(ada.buy([(bread, 1)])["orderId"], delivered)["status"], "COMPLETED")


class UnderServers(DiskIsFull):
    """PostgreSQL and Kafka, each on a disk of its own. A server that ends on a full disk is started again by whoever made
    room, as is written in its manual."""

    @classmethod
    def setUpClass(cls):
        surroundings.stores = "servers"
        # Where PostgreSQL's account can get, so that its data lie on our disk.
        cls.folder = Path(tempfile.mkdtemp(prefix="stoa-full-disk-"))
        cls.folder.chmod(0o755)
        cls.servers = OwnServers(cls.folder)
        cls.disks = {server: SmallDisk(server.folder) for server in (cls.servers.postgresql, cls.servers.kafka)}
        cls.servers.__enter__()
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.servers.__exit__()
            for disk in cls.disks.values():
                disk.remove()
            shutil.rmtree(cls.folder)

    def start_again(self, server):
        if not server.running() or not server.healthy():
            server.stop()
            server.start()

    def test_postgresql(self):
        server = self.servers.postgresql
        self.full(self.disks[server], self.refused, lambda: self.start_again(server))

    def test_kafka(self):
        """Orders are accepted all the while: their events wait in the outbox."""
        server = self.servers.kafka

        def waiting(_):
            return int(self.query("order", "select count(*) from stoa_outbox")[0][0]) > 10
        self.full(self.disks[server], waiting, lambda: self.start_again(server))
