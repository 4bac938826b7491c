"""How fast, and how soon, events come from a commit to their topic, on the real Kafka broker and PostgreSQL: one host and
two on one database, against a bare librdkafka producer that sends events of the same size to the same topic. Latency is
from right before the commit until a consumer has the event, at a rate that does not wait for anybody."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ROOT / "build" / "bench" / "outbox"
SERVERS = True
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("load/support", "swap", "fleet")]

import stores
from figures import figure as figure_of
from fleet import Fleet
from load import Load

figure = partial(figure_of, "outbox")
CASES = {"one-host": "one-announcer", "two-hosts": "two-announcers"}
TOPIC = "announcement.made"
RATE = 500          # events a second where latency is measured
PER_COMMIT = 10     # events of one transaction where throughput is; there is a case with one, too
CONNECTIONS = 16    # of all hosts together
PATIENCE = 120


@dataclass
class Size:
    rounds: int
    seconds: int         # of each measurement
    raw_events: int      # of the producer that is compared with, as fast as it can


FULL = Size(rounds=3, seconds=15, raw_events=200_000)
SHORT = Size(rounds=1, seconds=3, raw_events=20_000)


class Bench:
    def __init__(self, fleet, store, build, folder):
        self.fleet, self.build, self.folder, self.count = fleet, build, folder, 0
        self.kafka, self.topic = os.environ["STOA_TEST_KAFKA"], f"{store.topics}.{TOPIC}"

    @contextmanager
    def watched(self, result: dict):
        """What a consumer sees while this is open goes into the result; `result["events"]` says how many there were."""
        watcher = subprocess.Popen([self.build / "bin" / "topic", "watch", self.kafka, self.topic], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            if watcher.stdout.readline() != "ready\n":
                raise RuntimeError("the topic can't be read")
            yield
            out, _ = watcher.communicate(str(result["events"]), timeout=PATIENCE)
            result |= json.loads(out)
        finally:
            watcher.kill()
            watcher.wait()
        if result["seen"] != result["events"] or result["twice"]:
            raise RuntimeError(f"of {result['events']} events {result['seen']} were seen, {result['twice']} of them twice")

    def raw(self, count, rate=0) -> dict:
        result = {}
        with self.watched(result):
            sent = subprocess.run([self.build / "bin" / "topic", "send", self.kafka, self.topic, str(count), str(rate)],
                                  stdout=subprocess.PIPE, check=True, timeout=PATIENCE)
            result["events"] = json.loads(sent.stdout)["acknowledged"]
        return result

    def commits(self, seconds, events, rate=0) -> dict:
        """Commits of so many events each, on all hosts: at a rate, or one after the other on each connection."""
        hosts, result = self.fleet.hosts, {}
        with self.watched(result), ExitStack() as open_loads:
            loads = [open_loads.enter_context(self._load(host, seconds, events, rate / len(hosts), CONNECTIONS // len(hosts))) for host in hosts]
            told = [load.wait() for load in loads]
            if any(each["failed"] for each in told):
                raise RuntimeError(f"requests failed: {told}")
            result["events"] = events * sum(each["requests"] for each in told)
        return result

    def _load(self, host, seconds, events, rate, connections):
        self.count += 1
        kind = {"name": "announce", "method": "POST", "path": "/api/v1/announcements", "expect": [204],
                "headers": {"Content-Type": "application/json"}, "body": json.dumps({"events": events})}
        return Load(self.build, self.folder / f"load-{self.count}", f"http://127.0.0.1:{host.ports['internal']}", [kind], rate, connections, seconds)


def rate_of(result) -> float:
    return result["events"] / result["seconds"]


def measure(build, case, size, number) -> dict:
    """One round with hosts of its own: what was seen of each measurement."""
    folder = RUN / f"{case}-{number}"
    store = stores.Servers("outbox")
    fleet = Fleet(folder, ROOT / "tests" / "load" / "topologies" / f"{CASES[case]}.yaml", build,
                  override={**store.override(["announcer"]), "log": {"level": "warn"}})
    try:
        with fleet:
            fleet.start()
            fleet.wait_until_ready()
            bench = Bench(fleet, store, build, folder)
            bench.commits(1, PER_COMMIT)  # warms up
            return {"raw": bench.raw(size.raw_events), "many": bench.commits(size.seconds, PER_COMMIT), "single": bench.commits(size.seconds, 1),
                    "raw-soon": bench.raw(RATE * size.seconds, RATE), "soon": bench.commits(size.seconds, 1, RATE)}
    finally:
        store.remove(build)


def say(case, number, round_):
    rates = ", ".join(f"{name} {rate_of(round_[name]):,.0f}/s" for name in ("raw", "many", "single"))
    soon = ", ".join(f"{name} {round_[name]['p50_ms']:.1f}/{round_[name]['p99_ms']:.1f}/{round_[name]['p999_ms']:.1f} ms"
                     for name in ("raw-soon", "soon"))
    print(f"round {number + 1}: {case:10} {rates}; p50/p99/p99.9 at {RATE}/s: {soon}", flush=True)


def figures_of(case, rounds):
    def median(name, value):
        return statistics.median(value(each[name]) for each in rounds)
    raw = median("raw", rate_of)
    yield figure(case, "events_per_second", median("many", rate_of), "1/s", "librdkafka", raw)
    yield figure(f"{case}-one-per-commit", "events_per_second", median("single", rate_of), "1/s", "librdkafka", raw)
    for metric in ("p50_ms", "p99_ms", "p999_ms"):
        yield figure(f"{case}-{RATE}-per-second", metric, median("soon", lambda seen: seen[metric]), "ms",
                     "librdkafka", median("raw-soon", lambda seen: seen[metric]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="everything once, for some seconds: shows that it works, and little more")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    options = parser.parse_args()
    size = SHORT if options.short else FULL
    shutil.rmtree(RUN, ignore_errors=True)
    rounds = {case: [] for case in CASES}
    for number in range(size.rounds):
        for case, done in rounds.items():
            done.append(measure(options.build, case, size, number))
            say(case, number, done[-1])
    for case, done in rounds.items():
        print(*figures_of(case, done), sep="\n")


if __name__ == "__main__":
    main()
