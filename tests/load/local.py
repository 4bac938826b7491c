"""What a call to a service in the same host costs, against the same call over a socket to another host: calls per second of
processor time of all hosts that take part; to a route that may block, and to one that is marked `nonblocking`."""

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
ROUTES = {"worker": "on-a-worker", "nonblocking": "at-once"}


def ask(fleet, route, times):
    port = fleet.host_of("asker").ports["internal"]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/questions", json.dumps({"times": times, "route": route}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())["answered"]


def calls_per_second(name) -> dict:
    """For each case."""
    found = {}
    with Fleet(RUN / name, ROOT / "tests" / "load" / "topologies" / f"{name}.yaml", BUILD) as fleet:
        fleet.start()
        fleet.wait_until_ready()
        for case, route in ROUTES.items():
            wait_until(lambda route=route: ask(fleet, route, 1), what="the one has heard of the other")
            ask(fleet, route, WARM_UP)
            before = processor.seconds_of(fleet.hosts)
            if (answered := ask(fleet, route, CALLS)) != CALLS:
                raise RuntimeError(f"{CALLS - answered} of {CALLS} calls failed")
            found[case] = CALLS / (processor.seconds_of(fleet.hosts) - before)
    return found


def main():
    shutil.rmtree(RUN, ignore_errors=True)
    rounds = {"together": [], "apart": []}
    for number in range(ROUNDS):
        for name, found in rounds.items():
            found.append(calls_per_second(name))
            print(f"round {number + 1} of {ROUNDS}: {name:8}", ", ".join(f"{case} {rate:8.0f}" for case, rate in found[-1].items()),
                  "calls per second of processor time", flush=True)
    for case in ROUTES:
        together, apart = (statistics.median(each[case] for each in rounds[name]) for name in ("together", "apart"))
        print(figure("local", f"short-cut-{case}", "calls_per_cpu_second", together, "1/s", "socket", apart))


if __name__ == "__main__":
    main()
