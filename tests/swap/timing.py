"""How long an upgrade takes when nothing else goes on, and a rollback under load."""

import statistics
import time

UPGRADES = 20


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


def median(values) -> float:
    return statistics.median(values)
