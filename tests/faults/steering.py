"""Two things race only when they come at the same time: what is too early this time comes later next time."""

import threading

FINEST = 0.001  # seconds


class Steering:
    """Finds the moment, and stays around it, a step to each side. One thread."""

    def __init__(self, at, step):
        self.at, self.step, self.last = at, step, None

    def came(self, early: bool):
        """Smaller steps around the moment, larger ones while it is far away, for it moves with the machine's load."""
        self.step = self.step * 1.5 if early == self.last else max(FINEST, self.step / 2)
        self.at, self.last = max(0.0, self.at + (self.step if early else -self.step)), early


def numbers(rounds, enough):
    """0, 1, … for so many rounds, and on until it is enough, some times as many at most."""
    for number in range(5 * rounds):
        if number >= rounds and enough():
            return
        yield number


def in_threads(rounds, each, count, enough):
    """Calls each(thread) for all rounds, and on until it is enough, by `count` threads. The first failure ends it, and is
    raised."""
    left, lock, failures = numbers(rounds, enough), threading.Lock(), []

    def run(thread):
        while not failures:
            with lock:
                if next(left, None) is None:
                    return
            try:
                each(thread)
            except BaseException as failure:
                failures.append(failure)
    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
