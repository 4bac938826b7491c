"""What a swap of order costs while it serves, on the real Kafka broker and PostgreSQL: the soak of 1,000 swaps, the
slowest requests with and without swaps, the time of an upgrade, and what the way into a generation costs.
tests/swap/README.md says how each figure is measured."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ROOT / "build" / "bench" / "swap"
SERVERS = True
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("swap", "fleet", "integration", ".")]

import canary
import latency
import picture
import soak
import timing
from shop_under_load import ShopUnderLoad


def figure(case, metric, value, unit) -> str:
    return json.dumps({"bench": "swap", "case": case, "metric": metric, "value": round(value, 3), "unit": unit})


def micro(build) -> list:
    """The lines of the micro benchmark are figures already."""
    done = subprocess.run([build / "bin" / "slot_bench"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


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
            figure("canary", "share", tried.share * 100, "%")]


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swaps", type=int, default=1000)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--page", type=Path, default=RUN / "swap.html")
    options = parser.parse_args()
    shutil.rmtree(RUN, ignore_errors=True)
    figures = micro(options.build)
    with ShopUnderLoad(options.build, RUN / "shop") as shop:
        figures.append(figure("idle", "upgrade_ms", statistics.median(timing.upgrade_ms(shop)), "ms"))
        if shop.knows("rollback"):
            figures += of_rollbacks(timing.rollbacks(shop))
        comparison = latency.compare(shop)
        figures += of_comparison(comparison)
        command = "./dev bench swap" if len(sys.argv) == 1 else f"tests/load/swap.py --swaps {options.swaps}"
        tried = canary.run(shop)
        figures += of_canary(tried)
        write_page(shop, comparison, tried, command, options.page)
        figures += of_growth(f"idle-{options.swaps}", soak.idle_growth(shop, options.swaps))
        result = soak.soak(shop, options.swaps)
        figures += of_soak(result)
    print(json.dumps(result.says()))
    print(*result.complaints, sep="\n", file=sys.stderr)
    print(*figures, sep="\n")
    if result.complaints or comparison.summary["failed"] or tried.summary["failed"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
