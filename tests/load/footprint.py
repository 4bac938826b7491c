"""What the whole shop costs when it is small: one host with nine plugins on embedded defaults. Time from exec to ready
(the median of 5 starts), and resident memory after 10,000 requests."""

import shutil
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("load/support", "fleet")]

from figures import figure
from fleet import Fleet
from shop import Shop

RUN = ROOT / "build" / "bench" / "footprint"
REQUESTS, THREADS, STARTS = 10_000, 4, 5


def fleet():
    return Fleet(RUN, "all-in-one", ROOT / "build" / "release")


def ready_ms() -> float:
    """Of the host with the shop, the second start on: the data are there, as they are after a restart."""
    with fleet() as hosts:
        hosts.start()
        shop = hosts.host_of("gateway")
        while shop.running() and not shop.ready()[0]:
            time.sleep(0.002)
        took = time.monotonic() - shop.spawned_at
        hosts.wait_until_ready()  # says why when it never will be
        return took * 1000


def resident_mib(host) -> float:
    status = Path(f"/proc/{host.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def rss_after_requests() -> float:
    with fleet() as hosts:
        hosts.start()
        hosts.wait_until_ready()
        shop = Shop(hosts.gateway)
        paths = ["/api/v1/products?limit=20", "/health"]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda number: shop.request("GET", paths[number % len(paths)]), range(REQUESTS)))
        return resident_mib(hosts.host_of("gateway"))


def main():
    shutil.rmtree(RUN, ignore_errors=True)
    memory = rss_after_requests()
    starts = [ready_ms() for _ in range(STARTS)]
    print(figure("footprint", "nine-plugins", "rss_mib", memory, "MiB"))
    print(figure("footprint", "nine-plugins", "ready_ms", statistics.median(starts), "ms"))


if __name__ == "__main__":
    main()
