"""Places real grocery baskets as orders through the gateway, and compares the shop's databases with what they must hold.

    replay.py --stores embedded|servers --plan plan.json --expected expected.json --run DIR

Products come in through the import, stock is received, every household registers; then the baskets are placed
concurrently, each with its own Idempotency-Key, until all orders are delivered, and the auditor looks. The hosts are
stopped before the databases are compared. Figures are left in DIR/figures.json.
"""

import argparse
import json
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

import accounts
import compare
import stores
import topology
from audit.auditor import settle
from audit.stores.errors import CannotLook
from fleet import Fleet
from shop import Refused, Shop, delivered, retried

# Everybody logs in once.
SETTINGS = {"plugins": {"auth": {"settings": {"accessTokenSeconds": 3600}}}}
THREADS = 8
IMPORT_ROWS = 500
LARGEST_DELIVERY = 1_000_000  # that inventory takes at once


class Replay:
    def __init__(self, shop, plan, staff):
        self.shop, self.plan, self.staff = shop, plan, staff
        self.products = {}  # the data set's product id → ours
        self.users = {}  # household → (user id, token)
        self.orders = {}  # basket → order id
        self.prices = {product["sku"]: product["price"]["amount"] for product in plan["products"]}

    def import_products(self):
        rows = self.plan["products"]
        for begin in range(0, len(rows), IMPORT_ROWS):
            self.shop.import_products(self.staff, rows[begin:begin + IMPORT_ROWS])

    def learn_ids(self):
        self.products = {product["sku"]: product["id"] for product in self.shop.products()}

    def receive_stock(self):
        deliveries = [(product, begin, min(needed - begin, LARGEST_DELIVERY)) for product, needed in self.plan["stock"].items()
                      for begin in range(0, needed, LARGEST_DELIVERY)]
        self._each(deliveries, lambda delivery: retried(lambda: self.shop.receive(
            self.staff, self.products[delivery[0]], delivery[2], "delivery", key=f"stock-{delivery[0]}-{delivery[1]}")))

    def register_households(self):
        def register(household):
            email, password = f"household-{household}@example.com", f"household {household} buys here"
            user = retried(lambda: self.shop.register(email, password))
            self.users[household] = (user["userId"], retried(lambda: self.shop.login(email, password)))
        self._each(sorted({basket["household"] for basket in self.plan["baskets"]}), register)

    def place_orders(self):
        def place(basket):
            lines = [(self.products[product], quantity) for product, quantity in basket["items"].items()]
            total = sum(self.prices[product] * quantity for product, quantity in basket["items"].items())
            token = self.users[basket["household"]][1]
            order = retried(lambda: self.shop.place_order(token, lines, total, key=f"basket-{basket['basket']}"))
            self.orders[basket["basket"]] = order["orderId"]
        self._each(self.plan["baskets"], place)

    def wait_until_delivered(self):
        """One after the other: asking for all of them at once would only take processor time from the hosts."""
        for basket in self.plan["baskets"]:
            self.shop.wait_for_order(self.users[basket["household"]][1], self.orders[basket["basket"]], delivered, seconds=180)

    def _each(self, things, work):
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, things))

    def result(self):
        return {"products": self.products, "orders": self.orders, "households": {name: user for name, (user, _) in self.users.items()}}


class Steps:
    """What was done, and how long it took."""

    def __init__(self):
        self.seconds = {}

    def timed(self, name, title, work):
        begin = time.monotonic()
        result = work()
        self.seconds[name] = time.monotonic() - begin
        print(f"  {title}: {self.seconds[name]:.1f} s", flush=True)
        return result


def run(fleet, plan, steps) -> tuple:
    """What was placed, and what the auditor found."""
    with fleet:
        steps.timed("start", "hosts are ready", lambda: (fleet.start(), fleet.wait_until_ready()))
        shop = Shop(fleet.gateway)
        replay = Replay(shop, plan, accounts.staff_token(shop, fleet))
        steps.timed("import", f"{len(plan['products'])} products imported", replay.import_products)
        replay.learn_ids()
        steps.timed("receive", "stock received", replay.receive_stock)
        steps.timed("register", "households registered", replay.register_households)
        steps.timed("place", f"{len(plan['baskets'])} baskets placed", replay.place_orders)
        steps.timed("deliver", "all delivered", replay.wait_until_delivered)
        report = steps.timed("audit", "audited", lambda: settle(fleet.run, acknowledged=replay.orders.values()))
        codes = fleet.stop()
    if any(codes.values()):
        raise topology.FleetError(f"hosts did not end well: {codes}; their logs are in {fleet.run}")
    return replay.result(), report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", choices=["embedded", "servers"], required=True)
    parser.add_argument("--topology", default="all-in-one")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    for name in ("plan", "expected", "run"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    shutil.rmtree(options.run, ignore_errors=True)
    steps = Steps()
    try:
        store = stores.Embedded() if options.stores == "embedded" else stores.Servers("replay")
        plugins = [plugin for host in topology.read(options.topology) for plugin in host.plugins if plugin != "gateway"]
        fleet = Fleet(options.run, options.topology, options.build.resolve(), override=topology.merged(store.override(plugins), SETTINGS))
        plan = json.loads(options.plan.read_text())
        result, report = run(fleet, plan, steps)
    except (topology.FleetError, CannotLook, Refused, TimeoutError, OSError) as error:
        sys.exit(f"replay: {error}\nThe hosts' logs are in {options.run}")
    expected = json.loads(options.expected.read_text())
    differences = compare.differences(expected, result,
                                      lambda plugin, statement: store.query(fleet, plugin, statement), plan["spare"])
    found = [f"  differs: {line}" for line in differences] + [f"  the auditor found: {line}" for line in report.lines()]
    (options.run / "figures.json").write_text(json.dumps({
        "seconds": steps.seconds, "products": len(plan["products"]), "orders": len(result["orders"]), "revenue": expected["revenue"],
        "differences": len(differences), "findings": len(report.findings)}))
    if found:
        sys.exit("\n".join(found) + f"\nreplay: {len(differences)} differences, {len(report.findings)} findings")
    store.remove(options.build)
    print(f"  equal to the cent in the shop's databases: revenue {expected['revenue'] / 100:.2f} {expected['currency']}, the quantities "
          f"of {len(expected['quantities'])} products, the totals of {len(expected['households'])} households")


if __name__ == "__main__":
    main()
