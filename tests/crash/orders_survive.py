"""kill -9 of the shop's host, again and again, while customers buy: nothing acknowledged is lost, and nothing is done twice.

    orders_survive.py --build DIR [--orders 500 --kills 100 --everywhere] [--run DIR] [--seed N]

The host kills itself at each of its crash points (`host crash-points`), and is killed at random moments; each time it is started
again. `--everywhere`: at each point for each service that reaches it. Prints what it counted as a JSON line; exit code 1 when
anything is wrong.
"""

import argparse
import json
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

from books import Books
from crowd import Crowd
from customers import KINDS, SLOW, WRONG_TOTAL, Customers
from dying_shop import DyingShop, at, random_hit
from waiting import wait_until

# The service for which each point is tried at least.
SERVICES = {
    "sql.committed": "order", "handler.committed": "payment", "request.claimed": "order", "request.settled": "order",
    "request.handled": "order", "http.answered": "edge", "outbox.leased": "order", "outbox.acknowledged": "order",
    "outbox.removed": "payment", "event.committed": "inventory", "event.offset": "order", "event.parked": "poison",
    "event.postponed": "poison", "event.buried": "poison", "timer.claimed": "payment", "timer.fired": "order",
    "timer.finished": "notification", "timer.postponed": "sandbox_carrier", "call.sent": "payment", "call.answered": "order",
    "external.answered": "payment", "mail.sent": "notification", "mail.answered": "notification",
}
# What makes them come soon, where not any order does.
NEEDS = {"request.settled": WRONG_TOTAL, "timer.fired": SLOW}
RARE = {"event.parked", "event.postponed", "event.buried", "request.settled", "timer.fired", "timer.postponed"}
NOT_OF_THE_SHOP = {"sandbox_psp", "sandbox_carrier", "internal", "ops", "-"}
OFTEN = 10          # times reached in the rehearsal; what is reached less often is not waited for a second time
BETWEEN = 0.4       # seconds between two new orders while a point is waited for
MOMENT = 5          # seconds until a report of the carrier has failed
LIFE = 1.5          # seconds for which a host lives at most before a random kill


class Run:
    def __init__(self, shop, dice):
        self.shop, self.dice, self.crowd = shop, dice, Crowd()
        self.customers = Customers(shop.shop, self.crowd, shop.product, shop.staff)
        self.deaths, self.drops, self.next_order = [], 0, 0.0  # what each death was
        self.reached = Counter()                               # in the rehearsal

    def rehearse(self):
        """Every kind of order once, after a first death: what is reached from the start on."""
        self.customers.order()
        self.crowd.wait_until_idle(60)
        self.kill()
        before = len(self.shop.journal.read_text().splitlines())
        self.shop.spawn()
        self.shop.wait_until_ready()
        for kind in KINDS:
            self.customers.order(kind)
        self.customers.restock()
        for _ in range(2):
            self.drop()
        self.crowd.wait_until_idle(60)
        wait_until(lambda: ("event.buried", "poison") in self.shop.noted("reached", before), what="a poisoned event is given up")
        self.reached = Counter(self.shop.noted("reached", before))

    def drop(self):
        """An event that poison can't take, and one that it can."""
        self.drops += 1
        body = {"cloud": f"cloud-{self.drops}", "poisoned": self.drops % 2 == 1}
        self.crowd.add(lambda: self.customers.once("POST", "/api/v1/drops", body))

    def targets(self, everywhere) -> list:
        known = self.shop.points()
        if set(known) != set(SERVICES):
            raise AssertionError(f"host and test know different crash points: {set(known) ^ set(SERVICES)}")
        found = [(point, SERVICES[point]) for point in known]
        if everywhere:
            found += sorted(pair for pair in self.reached.keys() - set(found) if pair[1] not in NOT_OF_THE_SHOP)
        return found

    def buy(self, point, service):
        """Now and then, while a crash point is waited for."""
        if time.monotonic() < self.next_order:
            return
        self.next_order = time.monotonic() + BETWEEN
        if service == "poison":
            self.drop()
        if service in ("product", "inventory"):
            self.customers.restock()
        self.customers.order(NEEDS.get(point), new=service in ("auth", "user"))

    def died(self, where):
        self.customers.died(len(self.deaths))
        self.deaths.append(where)

    def kill(self):
        self.shop.kill()
        self.died("random")

    def die_at(self, point, service):
        rare = point in RARE or self.reached[point, service] < OFTEN
        where = at(point, service, 1 if rare else random_hit(point, self.dice))
        self.next_order = 0.0
        if service == "sandbox_carrier":
            self.outside_dies_at(where)
            return
        self.shop.spawn(at=where)
        self.shop.dies_at(where, lambda: self.buy(point, service))
        self.died(where)

    def outside_dies_at(self, where):
        """The outside world fails to report while the shop is dead, and dies of it."""
        outside = self.shop.outside
        self.shop.kill(outside)
        self.shop.spawn(outside, where)
        self.shop.spawn()
        self.shop.dies_at(where, self.die_before_the_report, outside)
        self.died(where)
        self.shop.spawn(outside)

    def die_before_the_report(self):
        """A parcel is booked, and a moment later nobody is there to hear of it; unless that was too late."""
        if not self.shop.host.running():
            self.shop.spawn()
        self.shop.wait_until_ready()
        before = self.parcels()
        for _ in range(3):
            self.customers.order(KINDS[0])
        wait_until(lambda: self.parcels() > before or not self.shop.outside.running(), what="the carrier has something to report")
        self.kill()
        self.shop.outside_ends_within(MOMENT)

    def parcels(self):
        return int(self.shop.query("sandbox_carrier", "select count(*) from parcels")[0][0])

    def die_at_random(self, orders):
        self.shop.spawn()
        if self.dice.random() < 0.8:  # else the start is a good moment, too
            self.shop.wait_until_ready()
        for _ in range(orders):
            self.customers.order()
        self.shop.lives_for(self.dice.uniform(0, LIFE))
        self.kill()

    def end(self):
        self.shop.spawn()
        self.shop.fleet.wait_until_ready()
        self.crowd.wait_until_idle(180)
        self.crowd.close()


def survive(shop, options, dice) -> tuple:
    """Figures and complaints."""
    run = Run(shop, dice)
    run.rehearse()
    targets = run.targets(options.everywhere)
    run.kill()  # amid what the last orders of the rehearsal still have before them
    for point, service in targets:
        run.die_at(point, service)
    for number in range(options.kills):
        left = options.orders - len(run.customers.orders)
        run.die_at_random(max(2, -(-left // (options.kills - number))))
    run.end()
    books = Books(shop, run.customers)
    books.complain(run.crowd.complaints)
    books.check()
    killed = Counter(shop.noted("killed"))
    books.complain(f"nobody died at {point}, service {service}" for point, service in targets if not killed[point, service])
    again = [run.customers.asked_again_after(number) for number in range(len(run.deaths))]
    books.complain(f"after {where} no key was asked for again" for where, count in zip(run.deaths, again) if not count)
    by_point = Counter(point for point, _ in killed.elements())
    return {**books.figures, "deaths": len(run.deaths), "random": run.deaths.count("random"), "at_points": sum(killed.values()),
            "points": dict(sorted(by_point.items())), "asked_again": sum(again)}, books.complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--orders", type=int, default=0, help="at least so many in all")
    parser.add_argument("--kills", type=int, default=5, help="at random moments")
    parser.add_argument("--everywhere", action="store_true", help="at each crash point for each service")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    build = options.build.resolve()
    run = options.run or build / "crash" / "orders_survive"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    begin = time.monotonic()
    with DyingShop(build, run) as shop:
        figures, complaints = survive(shop, options, random.Random(options.seed))
    print(json.dumps({**figures, "seed": options.seed, "seconds": round(time.monotonic() - begin, 1)}))
    if complaints:
        sys.exit("\n".join(complaints) + f"\nthe hosts' logs are in {run}")


if __name__ == "__main__":
    main()
