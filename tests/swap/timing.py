"""How long an upgrade takes when nothing else goes on, and a rollback while customers ask."""

import time
from dataclasses import dataclass, field

UPGRADES = 20
ROLLBACKS = 10          # of each kind
RATE, CONNECTIONS = 120, 16


def upgrade_ms(shop, count: int = UPGRADES) -> list:
    """Milliseconds of each `stoactl upgrade` on the idle shop: from the command until the old version is unmapped."""
    files = shop.variants()
    took = []
    for number in range(count):
        swap = shop.swap(files[number % len(files)])
        if not swap.unmapped:
            raise AssertionError(f"the old version is still mapped: {swap.copies}")
        took.append((swap.end - swap.begin) * 1000)
        time.sleep(0.1)
    return took


@dataclass
class Rollbacks:
    """Milliseconds, and what the load said."""
    warm: list = field(default_factory=list)
    store: list = field(default_factory=list)
    summary: dict = field(default_factory=dict)


def rollbacks(shop, count: int = ROLLBACKS) -> Rollbacks:
    """To the version that is still warm: what the host says it took. To the one in the store: the whole command."""
    found = Rollbacks()
    old, new, *_ = shop.variants()
    shop.swap(old)
    with shop.load("rollback", shop.reads(), rate=RATE, connections=CONNECTIONS) as load:
        for _ in range(count):
            # What was rolled back is in quarantine: only --force loads it again.
            shop.stoactl("upgrade", "--force", "--warm=60s", new)
            found.warm.append(shop.stoactl("rollback", "order")["took_us"] / 1000)
            shop.stoactl("upgrade", "--force", "--warm=0s", new)
            begin = time.monotonic()
            shop.stoactl("rollback", "order")
            found.store.append((time.monotonic() - begin) * 1000)
        found.summary = load.stop()
    shop.stoactl("upgrade", "--force", new)  # out of quarantine again
    return found
