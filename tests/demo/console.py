"""What the demo prints while something takes time."""

import time


def timed(title, work):
    """work() between its name and the seconds that it took."""
    print(f"==> {title}…", end="", flush=True)
    begin = time.monotonic()
    try:
        result = work()
    except BaseException:
        print("  failed", flush=True)
        raise
    print(f"  {time.monotonic() - begin:.1f} s", flush=True)
    return result
