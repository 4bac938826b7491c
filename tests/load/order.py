"""How many orders of three lines a shop in one host brings from create to COMPLETED, the parcel delivered, on the real Kafka
broker and PostgreSQL, while as many as ever are under way: a new one is placed for each that has ended. Against pgbench
with nothing but the commits that write and the rows of an order, as PostgreSQL counted them in this run, beside the same broker with
nothing to do."""

import argparse
import random
import shutil
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ROOT / "build" / "bench" / "order"
SERVERS = True
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("load/support", "fleet", ".")]

import accounts
import postgresql
import processor
import stores
from audit.auditor import settle
from figures import figure as figure_of
from fleet import Fleet
from shop import Shop, new_key, retried
from topology import merged
from waiting import wait_until

figure = partial(figure_of, "order")
PRODUCTS, PRICE, STOCK = 300, 250, 1_000_000
CUSTOMERS = 64       # all orders of one and the same would wait for each other at what is kept of him
THREADS = 8          # that place orders
PAUSE = 0.1          # between two looks at how many have ended
PGBENCH_CLIENTS = (8, 16, 32)
# The carrier takes no time of its own; mails go to a file: what receives them in the tests is slower than the shop.
SETTINGS = {"plugins": {"auth": {"settings": {"accessTokenSeconds": 3600}},
                        "sandbox_carrier": {"settings": {"pickupMs": 0, "deliverMs": 0}}},
            "mail": {"url": "log:"}, "log": {"level": "warn"}}
COMPLETED = "select count(*) from orders where status = 'COMPLETED'"
# Of those that were placed from a time on.
TOOK = """select (e.at_us - o.created_us) / 1000.0 from orders o join order_events e on e.order_id = o.order_id
          where e.type = 'status COMPLETED' and o.created_us >= {} order by 1"""


@dataclass
class Size:
    rounds: int
    warm_up: int   # seconds
    seconds: int   # that are measured
    pgbench: int   # seconds for each number of clients


FULL = Size(rounds=3, warm_up=10, seconds=60, pgbench=15)
SHORT = Size(rounds=1, warm_up=3, seconds=10, pgbench=4)


class Customers:
    """Place orders, one for each that has ended, so that `backlog` are under way all the time."""

    def __init__(self, shop, tokens, products, backlog, completed):
        self.shop, self.tokens, self.products, self.backlog, self.completed = shop, tokens, products, backlog, completed
        self.free, self.stopping, self.placed, self.lock = threading.Semaphore(backlog), False, set(), threading.Lock()
        self.pool = ThreadPoolExecutor(THREADS)
        self.placing = [self.pool.submit(self._place, random.Random(number)) for number in range(THREADS)]
        self.ended = 0

    def _place(self, chance):
        while True:
            self.free.acquire()
            if self.stopping:
                return
            lines = [(product, 1) for product in chance.sample(self.products, 3)]
            order = retried(lambda token=chance.choice(self.tokens), lines=lines, key=new_key():
                            self.shop.place_order(token, lines, 3 * PRICE, key=key))
            with self.lock:
                self.placed.add(order["orderId"])

    def look(self) -> int:
        """How many have ended by now; their places are free."""
        ended = self.completed()
        for _ in range(ended - self.ended):
            self.free.release()
        self.ended = ended
        if broken := next((each for each in self.placing if each.done()), None):
            broken.result()
        return ended

    def go_on(self, seconds) -> float:
        """Orders a second that end in this time."""
        begin, before = time.monotonic(), self.look()
        while time.monotonic() < begin + seconds:
            time.sleep(PAUSE)
            ended = self.look()
        return (ended - before) / (time.monotonic() - begin)

    def stop(self):
        """Until the last one has ended."""
        self.stopping = True
        for _ in range(THREADS):
            self.free.release()
        self.pool.shutdown()
        wait_until(lambda: self.completed() == len(self.placed), 120, "every order is completed")


@dataclass
class Round:
    per_second: float
    took_ms: list          # sorted
    cost: postgresql.Count  # of one order
    processor_ms: float    # of the hosts, for one order
    busy_ms: float         # of the whole machine, for one order
    findings: list
    ceiling: dict          # of pgbench: number of clients → orders a second

    def quantile(self, q) -> float:
        """Nearest rank."""
        return self.took_ms[min(int(q * len(self.took_ms)), len(self.took_ms) - 1)]


def open_shop(fleet) -> tuple:
    """A shop, its customers' tokens, and the products, of which there are enough."""
    fleet.start()
    fleet.wait_until_ready()
    shop = Shop(fleet.gateway)
    staff = accounts.staff_token(shop, fleet)
    shop.import_products(staff, [{"sku": f"bench-{number}", "name": f"Product {number}", "price": {"amount": PRICE, "currency": "EUR"}}
                                 for number in range(PRODUCTS)])
    products = [product["id"] for product in shop.products()]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda product: retried(lambda: shop.receive(staff, product, STOCK, "bench", key=f"stock-{product}")), products))
    with ThreadPoolExecutor(THREADS) as pool:
        tokens = list(pool.map(lambda number: account(shop, f"bench-{number}@example.com"), range(CUSTOMERS)))
    return shop, tokens, products


def account(shop, email) -> str:
    retried(lambda: shop.register(email, "a long password"))
    return retried(lambda: shop.login(email, "a long password"))


def run_shop(fleet, store, plugins, size, backlog) -> Round:
    def completed() -> int:
        return int(store.query(fleet, "order", COMPLETED)[0][0])
    shop, tokens, products = open_shop(fleet)
    before, used, busy = postgresql.count(store, plugins), processor.seconds_of(fleet.hosts), processor.busy_seconds()
    customers = Customers(shop, tokens, products, backlog, completed)
    customers.go_on(size.warm_up)
    began_us = time.time_ns() // 1000
    per_second = customers.go_on(size.seconds)
    customers.stop()
    orders = len(customers.placed)
    used, busy = ((now - then) * 1000 / orders for now, then in ((processor.seconds_of(fleet.hosts), used), (processor.busy_seconds(), busy)))
    report = settle(fleet.run, acknowledged=customers.placed)
    cost = postgresql.count(store, plugins).since(before, orders)  # only now: sessions say late what they have done
    took = [float(row[0]) for row in store.query(fleet, "order", TOOK.format(began_us))]
    return Round(per_second, took, cost, used, busy, report.lines(), {})


def measure(build, size, backlog, number) -> Round:
    folder = RUN / f"round-{number + 1}"
    store = stores.Servers("orders")
    fleet = Fleet(folder, "all-in-one", build)
    plugins = [plugin for host in fleet.hosts for plugin in host.plan.plugins if plugin != "gateway"]
    fleet.override = merged(store.override(plugins), SETTINGS)
    try:
        with fleet:
            done = run_shop(fleet, store, plugins, size, backlog)
        bench = postgresql.Pgbench(store, folder)
        done.ceiling = {clients: bench.per_second(done.cost, clients, size.pgbench) for clients in PGBENCH_CLIENTS}
        return done
    finally:
        store.remove(build)


def say(number, done):
    inserted, updated, deleted = done.cost.totals()
    print(f"round {number + 1}: {done.per_second:.1f} orders a second, p50/p99/p99.9 {done.quantile(0.5):.0f}/{done.quantile(0.99):.0f}/"
          f"{done.quantile(0.999):.0f} ms; each {done.cost.writes:.1f} commits that write and {done.cost.commits - done.cost.writes:.1f} that read, "
          f"{inserted:.1f} rows inserted, {updated:.1f} updated, {deleted:.1f} deleted, {done.cost.wal_bytes / 1024:.0f} KiB of log, "
          f"{done.processor_ms:.1f} ms of processor time in the hosts of {done.busy_ms:.1f} on the machine; pgbench: "
          + ", ".join(f"{rate:.1f}/s with {clients} clients" for clients, rate in done.ceiling.items()), flush=True)
    for (plugin, table), counts in sorted(done.cost.rows.items(), key=lambda each: -sum(each[1])):
        print(f"  {plugin + '.' + table:40} {'  '.join(f'{count:6.2f}' for count in counts)}", flush=True)
    print(*done.findings, sep="\n", end="\n" if done.findings else "", flush=True)


def figures_of(rounds, backlog):
    def median(value):
        return statistics.median(value(each) for each in rounds)
    case = f"backlog-{backlog}"
    yield figure(case, "orders_per_second", median(lambda each: each.per_second), "1/s", "pgbench", median(lambda each: max(each.ceiling.values())))
    for metric, q in (("p50_ms", 0.5), ("p99_ms", 0.99), ("p999_ms", 0.999)):
        yield figure(case, metric, median(lambda each: each.quantile(q)), "ms")
    yield figure(case, "commits_per_order", median(lambda each: each.cost.writes), "")
    yield figure(case, "rows_per_order", median(lambda each: sum(each.cost.totals())), "")
    yield figure(case, "host_cpu_ms_per_order", median(lambda each: each.processor_ms), "ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="one round of some seconds: shows that it works, and little more")
    parser.add_argument("--backlog", type=int, default=64, help="orders that are under way at any time")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    options = parser.parse_args()
    size = SHORT if options.short else FULL
    shutil.rmtree(RUN, ignore_errors=True)
    rounds = []
    for number in range(size.rounds):
        rounds.append(measure(options.build, size, options.backlog, number))
        say(number, rounds[-1])
    print(*figures_of(rounds, options.backlog), sep="\n")
    if any(each.findings for each in rounds):
        sys.exit("the auditor found something")


if __name__ == "__main__":
    main()
