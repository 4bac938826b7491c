"""What goes on while something is tried."""

import threading

from waiting import wait_until


class Load:
    """Threads that do something again and again; what went wrong is kept."""

    def __init__(self, works):
        self.done, self.failures, self.stopped = [0] * len(works), [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number, work)) for number, work in enumerate(works)]

    def run(self, number, work):
        while not self.stopped.is_set():
            try:
                work()
                self.done[number] += 1
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def wait_for_more(self):
        """Until each of them has done it some times more."""
        before = list(self.done)
        wait_until(lambda: all(now > then + 2 for now, then in zip(self.done, before)), what="the load runs")
