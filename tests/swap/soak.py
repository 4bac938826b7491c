"""The soak: order is swapped again and again while customers ask and buy on the real Kafka broker and PostgreSQL.

    soak.py --build DIR [--swaps 1000] [--sanitized] [--run DIR]

Every fifth swap is of the very file that runs; the others alternate three files. Prints what it found as a JSON line;
exit code 1 when anything was lost, doubled or left behind.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "fleet"), str(ROOT / "tests" / "integration"), str(ROOT / "tests")]

from audit import auditor
from process import at_rest, descriptors
from shop_under_load import ShopUnderLoad

WARM_UP = 20            # swaps before memory and the rest are measured
# … of a long soak. malloc keeps some freed blocks of each size for each thread; those of a hundred threads come to their
# number only after tens of thousands of requests.
LONG_WARM_UP = 400
BURST = 32              # connections that ask without pause before that: pools and buffers reach their size
READS, ORDERS = 120, 3  # requests a second
SLOWER = 5              # so many times fewer requests a second for a host that a sanitizer slows down
CONNECTIONS = 16
PAUSE = 0.05            # between two swaps
LIMITS = {"rss_growth_kib": 1024, "maps_growth": 0, "fds_growth": 0, "threads_growth": 0}
# Of a short soak: it sees what every swap leaves behind; the buffers and heaps of a busier minute are not that.
SHORT = 500
SHORT_LIMITS = {"rss_growth_kib": 8192, "maps_growth": 8, "fds_growth": 4, "threads_growth": 4}
# A sanitizer keeps what was freed, and maps shadows for it; what a swap leaves behind it reports itself, when the host ends.
SANITIZED_LIMITS = {"fds_growth": 4, "threads_growth": 4}


@dataclass
class Result:
    limits: dict
    swaps: list = field(default_factory=list)
    requests: int = 0
    orders: int = 0
    failed_requests: int = 0
    duplicated_requests: int = 0
    lost_events: int = 0
    rebalances: int = 0
    growth: dict = field(default_factory=dict)
    complaints: list = field(default_factory=list)
    latencies: dict = field(default_factory=dict)

    def says(self) -> dict:
        mapped = sum(not swap.unmapped for swap in self.swaps)
        took = sorted(swap.end - swap.begin for swap in self.swaps)
        return {"swaps": len(self.swaps), "still_mapped": mapped, "swap_ms_median": round(took[len(took) // 2] * 1000, 1),
                "swap_ms_max": round(took[-1] * 1000, 1), "requests": self.requests, "orders": self.orders,
                "failed_requests": self.failed_requests, "duplicated_requests": self.duplicated_requests,
                "lost_events": self.lost_events, "rebalances": self.rebalances, **self.growth, "latencies": self.latencies}


def schedule(files, count):
    """The file of each swap: every fifth is the one that runs already."""
    current = 0
    for number in range(count):
        current = (current + (number % 5 != 4)) % len(files)
        yield files[current]


def soak(shop, swaps: int, sanitized: bool = False) -> Result:
    result = Result(SANITIZED_LIMITS if sanitized else SHORT_LIMITS if swaps < SHORT else LIMITS)
    files, rate = shop.variants(), (READS + ORDERS) / (SLOWER if sanitized else 1)
    acknowledged = warm_up(shop, files, rate, result, WARM_UP if sanitized or swaps < SHORT else LONG_WARM_UP)
    generations = shop.group_generations()
    before, open_before = at_rest(shop.pid), descriptors(shop.pid)
    with shop.load("soak", shop.reads(READS) + [shop.orders(ORDERS * 4)], rate=rate, connections=CONNECTIONS) as load:
        for file in schedule(files, swaps):
            result.swaps.append(shop.swap(file))
            time.sleep(PAUSE)
        result.latencies = check_load(load.stop(), result)["kinds"]
    acknowledged |= ids_of(load, result)
    settle(shop, result, acknowledged)
    result.growth = growth(shop.pid, before, open_before, result)
    result.rebalances = rebalances(generations, shop.group_generations(), result)
    check_orders(shop, acknowledged, result)
    check_published(shop, result)
    check_swaps(result)
    return result


def warm_up(shop, files, rate, result, swaps) -> set:
    """The first swaps, between customers in a hurry, then as they will go on. The orders that were acknowledged."""
    acknowledged = set()
    for name, count, how in (("burst", WARM_UP // 2, {"connections": BURST, "seconds": 4}),
                             ("warm-up", swaps - WARM_UP // 2, {"rate": rate, "connections": CONNECTIONS})):
        with shop.load(name, shop.reads(READS) + [shop.orders(ORDERS * 4)], **how) as load:
            for file in schedule(files, count):
                shop.swap(file)
                time.sleep(PAUSE)
            check_load(load.wait() if "seconds" in how else load.stop(), result)
        acknowledged |= ids_of(load, result)
    settle(shop, result)
    return acknowledged


def idle_growth(shop, swaps: int) -> dict:
    """What swaps alone leave behind: nobody asks for anything meanwhile."""
    files = shop.variants()
    for file in schedule(files, WARM_UP):
        shop.swap(file)
    before = at_rest(shop.pid)
    for file in schedule(files, swaps):
        shop.swap(file)
    return named(at_rest(shop.pid).growth_since(before))


def named(grown) -> dict:
    return {"rss_growth_kib": grown["rss_kib"], "maps_growth": grown["maps"], "fds_growth": grown["fds"], "threads_growth": grown["threads"]}


def growth(pid, before, open_before, result) -> dict:
    grown = at_rest(pid).growth_since(before)
    if grown["fds"] > result.limits["fds_growth"]:
        result.complaints.append(f"new descriptors: {dict(descriptors(pid) - open_before)}")
    return named(grown)


def check_load(summary, result) -> dict:
    result.requests += summary["requests"]
    result.failed_requests += summary["failed"]
    result.duplicated_requests += summary["duplicated"]
    if summary["failed"] or summary["duplicated"]:
        result.complaints.append(f"the load generator counted {summary}")
    return summary


def ids_of(load, result) -> set:
    """The orders that were acknowledged. Each key stands for one order, also when it was sent twice."""
    by_key = {}
    for request in load.requests():
        if request.kind.startswith("order") and request.status == 202:
            if by_key.setdefault(request.key, request.id) != request.id:
                result.duplicated_requests += 1
                result.complaints.append(f"key {request.key} was answered with {by_key[request.key]} and {request.id}")
    if len(set(by_key.values())) != len(by_key):
        result.complaints.append("two keys were answered with one order")
    return set(by_key.values())


def settle(shop, result, acknowledged=()):
    """Until all orders have come to rest and their mails are sent; what does not is lost."""
    findings = auditor.settle(shop.run, 120, acknowledged).lines()
    result.lost_events += len(findings)
    result.complaints += findings[:20]


def check_orders(shop, acknowledged, result):
    rows = shop.query("order", "select order_id, status from orders")
    known = {row[0] for row in rows} - set(shop.first_orders)
    result.orders = len(known)
    result.complaints += [f"order {order} is there and was not acknowledged" for order in sorted(known - acknowledged)[:20]]
    result.duplicated_requests += len(known - acknowledged)
    # All were payable and in stock: another end is a lost or twice-taken event.
    strange = [f"order {order} is {status}" for order, status in rows if status != "COMPLETED"]
    for order, kind, count in shop.query("order", "select order_id, type, count(*) from order_events group by order_id, type having count(*) > 1"):
        strange.append(f"order {order} has {count} entries {kind}")
    result.lost_events += len(strange)
    result.complaints += strange[:20]


def check_published(shop, result):
    """The log itself: per order the versions that order published are 1…n, in this order."""
    manifest = json.loads((shop.build / "plugins" / "order.manifest.json").read_text())
    done = subprocess.run([shop.build / "bin" / "published_versions", shop.fleet.override["events"],
                           *(topic["topic"] for topic in manifest["publishes"])], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    *wrong, last = done.stdout.splitlines()
    read = json.loads(last)
    if read["keys"] < result.orders:
        wrong.append(f"events of {read['keys']} orders lie in the log, there are {result.orders}")
    result.lost_events += len(wrong)
    result.complaints += wrong[:20]


def check_swaps(result):
    mapped = [swap for swap in result.swaps if not swap.unmapped]
    result.complaints += [f"after the swap to {swap.version} these are mapped: {swap.copies}" for swap in mapped[:20]]
    result.complaints += [f"{name} is {result.growth[name]}, at most {limit} is allowed" for name, limit in result.limits.items()
                          if result.growth[name] > limit]


def rebalances(before, after, result) -> int:
    if not any(group.endswith("order") for group in before) or before.keys() != after.keys():
        result.complaints.append(f"the consumer groups are {sorted(before)}, then {sorted(after)}")
    moved = Counter({group: after.get(group, 0) - generation for group, generation in before.items()})
    result.complaints += [f"group {group} was rebalanced {count} times" for group, count in moved.items() if count]
    return sum(moved.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--swaps", type=int, default=1000)
    parser.add_argument("--sanitized", action="store_true", help="the host runs with a sanitizer: its memory says nothing")
    parser.add_argument("--run", type=Path)
    options = parser.parse_args()
    build = options.build.resolve()
    run = options.run or build / "swap" / "soak"
    shutil.rmtree(run, ignore_errors=True)
    with ShopUnderLoad(build, run) as shop:
        result = soak(shop, options.swaps, options.sanitized)
    print(json.dumps(result.says()))
    if result.complaints:
        sys.exit("\n".join(result.complaints) + f"\nthe hosts' logs are in {run}")


if __name__ == "__main__":
    main()
