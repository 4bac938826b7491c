"""A shop on real servers that is swapped while customers ask and buy."""

import json
import os
import subprocess
import time
import uuid
from pathlib import Path

import accounts
import stores
from fleet import Fleet
from load import Load
from process import mapped_copies
from shop import ADDRESS, Shop, delivered, new_key, retried
from support import plugin_files
from support.scenario import Customer
from topology import merged

ROOT = Path(__file__).resolve().parent.parent.parent
STOCK = 1_000_000
PRICE = 250


class ShopUnderLoad:
    """The whole shop; one customer with some orders, and bread that does not run out."""

    def __init__(self, build: Path, run: Path, kind: str = "servers", settings: dict = None):
        self.build, self.run, self.acknowledged = build, run, set()
        self.fleet = Fleet(run, "all-in-one", build)
        self.store = stores.Embedded() if kind == "embedded" else stores.Servers("swap")
        named = [plugin for host in self.fleet.hosts for plugin in host.plan.plugins if plugin != "gateway"]
        self.fleet.override = merged(merged(self.store.override(named), self._surroundings(named)), settings or {})

    @staticmethod
    def _surroundings(plugins) -> dict:
        """The load logs in once, so its token lasts. Small pools and short idle times: what the process holds comes to
        rest soon, and then shows what swaps have left behind."""
        # The old version goes at once: nothing is kept warm for a rollback. With a sanitizer the probe takes its time.
        upgrade = {"window": "0s", "probe": {"timeout": "60s"}}
        each = {plugin: {"sql_connections": 4} for plugin in plugins}
        return {"plugins": merged(each, {"auth": {"settings": {"accessTokenSeconds": 3600}}}),
                "upgrade": upgrade, "http": {"idle_timeout": "5s"}, "outbound": {"idle_timeout": "2s"}}

    def __enter__(self):
        try:
            self.fleet.start()
            self.fleet.wait_until_ready()
            self.shop = Shop(self.fleet.gateway)
            self.staff = accounts.staff_token(self.shop, self.fleet)
            self.bread = self._product()
            self.customer = Customer(self)
            self.first_orders = [self._first_order(new_key()) for _ in range(5)]
            for order in self.first_orders:
                self.customer.wait(order, delivered)
        except BaseException:
            self.fleet.stop(10)
            raise
        return self

    def __exit__(self, kind, *_):
        codes = self.fleet.stop()
        if kind is not None:
            return  # what it left may say why
        self.store.remove(self.build)
        if any(codes.values()):
            raise AssertionError(f"hosts did not drain to exit code 0: {codes}; logs in {self.run}")

    def _product(self):
        sku = f"bread-{uuid.uuid4().hex[:8]}"
        body = {"sku": sku, "name": "Bread", "price": {"amount": PRICE, "currency": "EUR"}}
        made = self.shop.request("POST", "/api/v1/products", body, self.staff, new_key())
        self.shop.receive(self.staff, made["id"], STOCK, "delivery")
        return Bread(made["id"], PRICE)

    def _first_order(self, key):
        """On a busy machine the broker takes its time to make all topics; until then order can't sell anything."""
        return retried(lambda: self.customer.buy([(self.bread, 1)], key=key), seconds=120)["orderId"]

    @property
    def host(self):
        return self.fleet.host_of("order")

    @property
    def pid(self) -> int:
        return self.host.process.pid

    @property
    def state(self) -> Path:
        return self.host.folder / "state"

    def query(self, plugin, statement):
        return self.store.query(self.fleet, plugin, statement)

    def stoactl(self, *words):
        """The JSON that stoactl prints; a command that fails raises."""
        done = subprocess.run([self.build / "bin" / "stoactl", f"--socket={self.state / 'control.sock'}", "--json", *map(str, words)],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"stoactl {' '.join(map(str, words))}: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def group_generations(self) -> dict:
        """What the broker says; it counts a group's generation up with every rebalance."""
        if self.store.name != "servers":
            return {}
        prefix = self.fleet.override["events"].rpartition("/")[2]
        done = subprocess.run([self.build / "bin" / "group_generations", os.environ["STOA_TEST_KAFKA"], prefix], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout)

    # What customers do.

    def reads(self, share=1, customer=None) -> list:
        """Kinds of requests that change nothing: one order, and the list of orders, which any customer may ask for."""
        token = (customer or self.customer).token
        ask = {"method": "GET", "headers": {"Authorization": f"Bearer {token}"}, "expect": [200]}
        return [{**ask, "name": "get", "path": f"/api/v1/orders/{self.first_orders[0]}", "weight": 3 * share},
                {**ask, "name": "list", "path": "/api/v1/orders?limit=5", "weight": share}]

    def orders(self, share=1) -> dict:
        """A kind of request: an order for one bread; every fifth is sent twice with its key, as after a lost answer."""
        body = {"lines": [{"productId": self.bread.id, "quantity": 1}], "expectedTotal": {"amount": PRICE, "currency": "EUR"},
                "paymentToken": "tok_ok", "shippingAddress": ADDRESS}
        headers = {"Authorization": f"Bearer {self.customer.token}", "Content-Type": "application/json"}
        return {"name": "order", "method": "POST", "path": "/api/v1/orders", "headers": headers, "body": json.dumps(body),
                "expect": [202], "weight": share, "idempotent": True, "repeat_every": 5, "id_field": "orderId"}

    def load(self, name, kinds, **how) -> Load:
        return Load(self.build, self.run / name, self.fleet.gateway, kinds, **how)

    # Swaps.

    def variants(self, count=3) -> list:
        """Files of order that differ in their version."""
        source = self.build / "plugins" / "order.so"
        made = [self.run / f"order-1.0.{number}.so" for number in range(1, count + 1)]
        for number, file in enumerate(made, 1):
            if not file.exists():
                plugin_files.rename_version(source, file, "1.0.0", f"1.0.{number}")
        return made

    def swap(self, file) -> "Swap":
        """Upgrades and looks from outside whether exactly one generation is mapped afterwards."""
        begin = time.monotonic()
        result = self.stoactl("upgrade", file)
        end = time.monotonic()
        copies = mapped_copies(self.pid, "order", self.state)
        gone = result.get("unloaded", result.get("former") == "unloaded")
        return Swap(begin, end, result["version"], gone and len(copies) == 1, sorted(copies))


class Bread:
    def __init__(self, product_id, price):
        self.id, self.price = product_id, price


class Swap:
    """Times are those of time.monotonic()."""

    def __init__(self, begin, end, version, unmapped, copies):
        self.begin, self.end, self.version, self.unmapped, self.copies = begin, end, version, unmapped, copies
