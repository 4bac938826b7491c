"""What a swap of order costs while it serves, on the real Kafka broker and PostgreSQL: the soak of 1,000 swaps, the
slowest requests with and without swaps, the time of an upgrade, a canary, kill -9 in the midst of upgrades, and what the way
into a generation costs. tests/swap/README.md says how each figure is measured."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ROOT / "build" / "bench" / "swap"
SERVERS = True
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("load/support", "swap", "fleet", "integration", ".")]

import canary
import latency
import picture
import soak
import timing
from figures import figure as figure_of
from shop_under_load import ShopUnderLoad

figure = partial(figure_of, "swap")
VALIDATIONS = 10


@dataclass
class Size:
    swaps: int         # of the soak, and of the one in which nobody asks
    phases: int        # with a swap a second, and as many without
    upgrades: int
    rollbacks: int     # of each kind
    kills: int
    micro_swaps: int   # of the micro benchmark


FULL = Size(swaps=1000, phases=latency.PHASES, upgrades=timing.UPGRADES, rollbacks=timing.ROLLBACKS, kills=200, micro_swaps=10_000)
SHORT = Size(swaps=40, phases=2, upgrades=5, rollbacks=3, kills=5, micro_swaps=1000)


def micro(build, swaps) -> list:
    """The lines of the micro benchmark are figures already."""
    done = subprocess.run([build / "bin" / "slot_bench", str(swaps)], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def of_validate(build) -> list:
    """stoa-validate on one file, from exec to exit."""
    times = []
    for _ in range(VALIDATIONS):
        began = time.monotonic()
        subprocess.run([build / "abi" / "validate" / "stoa-validate", build / "plugins" / "order.so"], check=True, capture_output=True)
        times.append((time.monotonic() - began) * 1000)
    return [figure("order", "validate_ms", statistics.median(times), "ms")]


def of_kills(build, rounds) -> list:
    """kill -9 at random points of an upgrade; what is wrong after one of them is on standard error."""
    done = subprocess.run([sys.executable, "-B", ROOT / "tests" / "swap" / "run.py", "upgrade_is_killed", "UpgradeIsKilled.test_at_random_points",
                           f"--build={build}", f"--rounds={rounds}", f"--run={RUN / 'kills'}"], capture_output=True, text=True)
    print(done.stdout, done.stderr, file=sys.stderr)
    wrong = len([line for line in done.stdout.splitlines() if line.startswith(("FAIL: ", "ERROR: "))])
    return [figure(f"kill-9-{rounds}", "failed_rounds", wrong if done.returncode == 0 else max(wrong, 1), "")]


def of_rollbacks(found) -> list:
    return [figure("rollback", "failed_requests", found.summary["failed"], ""),
            figure("warm", "rollback_ms", statistics.median(found.warm), "ms"),
            figure("store", "rollback_ms", statistics.median(found.store), "ms")]


def of_comparison(comparison) -> list:
    failed, doubled = comparison.summary["failed"], comparison.summary["duplicated"]
    return [figure("swap-per-second", "failed_requests", failed, ""), figure("swap-per-second", "duplicated_requests", doubled, ""),
            figure("without", "p999_ms", comparison.p999(False) * 1000, "ms"),
            figure("swap-per-second", "p999_ms", comparison.p999(True) * 1000, "ms"),
            figure("swap-per-second", "p999_ratio", comparison.ratio, "")]


def of_canary(tried) -> list:
    return [figure("canary", "failed_requests", tried.summary["failed"], ""),
            figure("canary", "duplicated_requests", tried.summary["duplicated"], ""),
            figure("canary", "rebalances", tried.rebalances, ""), figure("canary", "share", tried.share * 100, "%")]


def of_soak(result) -> list:
    case = f"soak-{len(result.swaps)}"
    counts = [(name, getattr(result, name), "") for name in ("failed_requests", "duplicated_requests", "lost_events", "rebalances")]
    still = sum(not swap.unmapped for swap in result.swaps)
    return [figure(case, *count) for count in [*counts, ("still_mapped", still, "")]] + of_growth(case, result.growth)


def of_growth(case, growth) -> list:
    return [figure(case, name, value, "KiB" if name == "rss_growth_kib" else "") for name, value in growth.items()]


def machine() -> str:
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // (1 << 20)
    return f"{os.cpu_count()} × {model or platform.machine()}, {memory} GiB, Linux {platform.release()}"


def write_page(shop, comparison, tried, command, file: Path):
    generations = latency.generations_of(shop.host.log)
    seconds = comparison.phases[0].end - comparison.phases[0].begin
    facts = [("machine", machine()), ("load average", "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg())), ("command", command), ("date", date.today().isoformat()),
             ("load", f"{latency.RATE} requests a second over {latency.CONNECTIONS} connections, through the gateway, on PostgreSQL and Kafka; "
                      "latency counts from when a request was due"),
             ("phases", f"{len(comparison.phases)} of {seconds:.0f} s, without swaps and with one a second in turn"),
             ("swaps", len(comparison.swaps)), ("requests", comparison.summary["requests"]), ("failed", comparison.summary["failed"]),
             ("p99.9 without", f"{comparison.p999(False) * 1000:.1f} ms"), ("p99.9 with", f"{comparison.p999(True) * 1000:.1f} ms"),
             ("ratio", f"{comparison.ratio:.2f}"),
             ("canary", f"{canary.SHARE} % of {canary.CUSTOMERS} customers for {canary.SECONDS} s at {canary.RATE} requests a second, events as well: "
                        f"{tried.share * 100:.1f} % of the requests, {tried.summary['failed']} failed"),
             ("judged", tried.result["canary"]["why"])]
    file.write_text(picture.page(comparison, generations, comparison.prefix, facts, tried))
    print(f"the picture: {file}")


def of_shop(options, size, figures) -> bool:
    """Everything that one shop is measured by. False when a request failed, or something was lost or left behind."""
    with ShopUnderLoad(options.build, RUN / "shop") as shop:
        figures.append(figure("idle", "upgrade_ms", statistics.median(timing.upgrade_ms(shop, size.upgrades)), "ms"))
        figures += of_rollbacks(timing.rollbacks(shop, size.rollbacks))
        comparison = latency.compare(shop, size.phases)
        figures += of_comparison(comparison)
        tried = canary.run(shop)
        figures += of_canary(tried)
        write_page(shop, comparison, tried, " ".join(["./dev bench swap", *sys.argv[1:]]), options.page)
        figures += of_growth(f"idle-{size.swaps}", soak.idle_growth(shop, size.swaps))
        result = soak.soak(shop, size.swaps)
        figures += of_soak(result)
    print(json.dumps(result.says()))
    print(*result.complaints, sep="\n", file=sys.stderr)
    return not (result.complaints or comparison.summary["failed"] or tried.summary["failed"] or tried.rebalances)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="everything once, in some minutes: shows that it works, and little more")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--page", type=Path, default=RUN / "swap.html")
    options = parser.parse_args()
    size = SHORT if options.short else FULL
    shutil.rmtree(RUN, ignore_errors=True)
    began = time.monotonic()
    figures = micro(options.build, size.micro_swaps) + of_validate(options.build)
    good = False
    try:
        figures += of_kills(options.build, size.kills)
        good = of_shop(options, size, figures)
    finally:
        print(*figures, sep="\n")
        print(f"after {(time.monotonic() - began) / 60:.0f} minutes", file=sys.stderr)
    if not good or json.loads(next(line for line in figures if "failed_rounds" in line))["value"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
