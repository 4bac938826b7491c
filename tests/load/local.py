"""What a call to a service in the same host costs, against the same call over a socket to another host: calls per second of
processor time of all hosts that take part."""

import json
import shutil
import statistics
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD, RUN = ROOT / "build" / "release", ROOT / "build" / "bench" / "local"
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("load/support", "fleet")]

import processor
from figures import figure
from fleet import Fleet
from waiting import wait_until

ROUNDS, CALLS, WARM_UP = 5, 50_000, 1_000


def ask(fleet, times):
    port = fleet.host_of("asker").ports["internal"]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/questions", json.dumps({"times": times}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())["answered"]


def calls_per_second(name) -> float:
    with Fleet(RUN / name, ROOT / "tests" / "load" / "topologies" / f"{name}.yaml", BUILD) as fleet:
        fleet.start()
        fleet.wait_until_ready()
        wait_until(lambda: ask(fleet, 1), what="the one has heard of the other")
        ask(fleet, WARM_UP)
        before = processor.seconds_of(fleet.hosts)
        if (answered := ask(fleet, CALLS)) != CALLS:
            raise RuntimeError(f"{CALLS - answered} of {CALLS} calls failed")
        return CALLS / (processor.seconds_of(fleet.hosts) - before)


def main():
    shutil.rmtree(RUN, ignore_errors=True)
    rates = {"together": [], "apart": []}
    for number in range(ROUNDS):
        for name, found in rates.items():
            found.append(calls_per_second(name))
            print(f"round {number + 1} of {ROUNDS}: {name:8} {found[-1]:8.0f} calls per second of processor time", flush=True)
    print(figure("local", "short-cut", "calls_per_cpu_second", statistics.median(rates["together"]), "1/s",
                 "socket", statistics.median(rates["apart"])))


if __name__ == "__main__":
    main()
