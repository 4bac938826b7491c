"""Several servers, asked in turn under the same load: what the machine does meanwhile happens to all of them."""

import subprocess
from contextlib import contextmanager

import wrk
from fleet import asked, end_with_parent
from waiting import wait_until

ROUNDS, SECONDS, WARM_UP = 5, 4, 1


def contest(urls: dict, connections: int) -> dict:
    """By server: what each round measured."""
    for url in urls.values():
        wrk.measure(url, connections, WARM_UP)
    results = {name: [] for name in urls}
    for number in range(ROUNDS):
        for name, url in urls.items():
            results[name].append(wrk.measure(url, connections, SECONDS))
            best = results[name][-1]
            print(f"{connections:4} connections, round {number + 1} of {ROUNDS}: {name:12} {best.requests_per_second:8.0f}/s, p99 {best.p99_ms:.2f} ms", flush=True)
    return results


@contextmanager
def program(arguments, port, path="/"):
    """A server of others, until it is no longer needed."""
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
    try:
        wait_until(lambda: process.poll() is not None or answers(port, path), what=f"{arguments[0]} answers")
        if process.poll() is not None:
            raise RuntimeError(f"{arguments[0]} ended with code {process.returncode}")
        yield process
    finally:
        process.terminate()
        process.wait()


def answers(port, path) -> bool:
    try:
        return asked(port, path)[0] == 200
    except OSError:
        return False
