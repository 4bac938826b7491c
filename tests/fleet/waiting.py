"""Waiting for conditions, never for time."""

import time


def wait_until(condition, seconds=60, what="the condition"):
    """The condition's first true value; asks again until then."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds} s: {what}")
        time.sleep(0.05)
