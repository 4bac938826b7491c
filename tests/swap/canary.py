"""A version that is as good as the one before, let in as a canary while many customers ask and buy."""

import time
from dataclasses import dataclass, field

from latency import generations_of
from support.scenario import Customer

CUSTOMERS = 50   # a user's requests all go to the same version
RATE, ORDERS, CONNECTIONS = 200, 3, 16
SHARE, SECONDS = 10, 5  # per cent


@dataclass
class Canary:
    begin: float = 0   # of the command; times are those of time.monotonic()
    end: float = 0
    result: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    summary: dict = field(default_factory=dict)
    rebalances: int = 0  # of all consumer groups, meanwhile
    generations: dict = field(default_factory=dict)  # correlation id → generation of order
    prefix: str = ""

    @property
    def share(self) -> float:
        """What the newest version answered of all requests while the canary ran."""
        seen = [generation for request, generation in self.answered() if self.begin + 1 <= request.due < self.end - 1]
        return sum(generation == max(seen) for generation in seen) / len(seen)

    def answered(self) -> list:
        """Requests with the generation that answered them."""
        pairs = [(request, self.generations.get(f"{self.prefix}-{request.number}")) for request in self.requests]
        return [(request, generation) for request, generation in pairs if generation is not None]


def run(shop) -> Canary:
    """Raises when the canary is not promoted."""
    customers = [Customer(shop) for _ in range(CUSTOMERS)]
    reads = [kind for customer in customers for kind in shop.reads(RATE // ORDERS, customer)[1:]]
    canary = Canary()
    before = shop.group_generations()  # takes its time on a busy broker, so not under the load
    with shop.load("canary", [*reads, shop.orders(CUSTOMERS)], rate=RATE + ORDERS, connections=CONNECTIONS) as load:
        load.wait_for(2 * RATE)
        canary.begin = time.monotonic()
        canary.result = shop.stoactl("upgrade", f"--canary={SHARE}%", f"--for={SECONDS}s", "--events", "--warm=0s", shop.variants()[-1])
        canary.end = time.monotonic()
        load.wait_for(2 * RATE)
        canary.summary = load.stop()
    canary.rebalances = sum(shop.group_generations().values()) - sum(before.values())
    canary.requests, canary.prefix = load.requests(), load.prefix
    canary.generations = generations_of(shop.host.log)
    shop.first_orders += sorted({request.id for request in canary.requests if request.kind.startswith("order") and request.status == 202})
    return canary
