"""What customers notice of a swap: the slowest of their requests with one swap a second, against those without."""

import json
import statistics
import time
from dataclasses import dataclass, field

from load import quantile

PHASES = 8           # of each kind, alternating; short ones, so that a hiccup of the machine spoils few
SECONDS = 8          # each
RATE, CONNECTIONS = 400, 16


@dataclass
class Phase:
    begin: float
    end: float
    with_swaps: bool
    p50: float = 0
    p999: float = 0


@dataclass
class Comparison:
    phases: list = field(default_factory=list)
    swaps: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    summary: dict = field(default_factory=dict)
    prefix: str = ""  # of the requests' correlation ids

    def p999(self, with_swaps: bool) -> float:
        return statistics.median(phase.p999 for phase in self.phases if phase.with_swaps == with_swaps)

    @property
    def ratio(self) -> float:
        return self.p999(True) / self.p999(False)


def compare(shop, phases: int = PHASES, seconds: float = SECONDS) -> Comparison:
    """One load without a break; phases without swaps and with them take turns."""
    comparison = Comparison()
    files = shop.variants()
    with shop.load("latency", shop.reads(), rate=RATE, connections=CONNECTIONS) as load:
        load.wait_for(2 * RATE)  # connections, caches and statements are made
        for number in range(2 * phases):
            phase = Phase(time.monotonic(), 0, number % 2 == 1)
            if phase.with_swaps:
                swap_each_second(shop, files, phase.begin + seconds, comparison.swaps)
            time.sleep(max(0.0, phase.begin + seconds - time.monotonic()))
            phase.end = time.monotonic()
            comparison.phases.append(phase)
        comparison.summary = load.stop()
    comparison.requests, comparison.prefix = load.requests(), load.prefix
    for phase in comparison.phases:
        taken = [request.latency for request in comparison.requests if phase.begin <= request.due < phase.end]
        phase.p50, phase.p999 = quantile(taken, 0.5), quantile(taken, 0.999)
    return comparison


def swap_each_second(shop, files, until, swaps):
    next_swap = time.monotonic() + 0.5
    while next_swap + 0.5 < until:
        time.sleep(max(0.0, next_swap - time.monotonic()))
        swaps.append(shop.swap(files[len(swaps) % len(files)]))
        next_swap += 1


def generations_of(log_file) -> dict:
    """Correlation id → generation of order that answered, from the host's log."""
    found = {}
    with open(log_file, errors="replace") as lines:
        for line in lines:
            if '"service":"order"' in line and '"msg":"request"' in line:
                entry = json.loads(line)
                found[entry["correlation_id"]] = entry["generation"]
    return found
