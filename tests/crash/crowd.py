"""Threads that work off jobs; a job that could not be done yet is tried again."""

import heapq
import itertools
import threading
import time
import traceback

from waiting import wait_until


class Crowd:
    """A job is a function that answers None when it is done, or the seconds until it wants to be tried again."""

    def __init__(self, threads=8):
        self.waiting, self.running, self.numbers = [], 0, itertools.count()
        self.changed, self.closed, self.complaints = threading.Condition(), False, []
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def add(self, job, delay=0.0):
        with self.changed:
            heapq.heappush(self.waiting, (time.monotonic() + delay, next(self.numbers), job))
            self.changed.notify()

    def open_jobs(self) -> int:
        with self.changed:
            return len(self.waiting) + self.running

    def wait_until_idle(self, seconds):
        wait_until(lambda: not self.open_jobs(), seconds, "all customers have been answered")

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        for thread in self.threads:
            thread.join()

    def _next(self):
        """The first job once it is due; None at the end."""
        with self.changed:
            while not self.closed:
                left = self.waiting[0][0] - time.monotonic() if self.waiting else None
                if left is not None and left <= 0:
                    self.running += 1
                    return heapq.heappop(self.waiting)[2]
                self.changed.wait(left)
            return None

    def _work(self):
        while job := self._next():
            again = None
            try:
                again = job()
            except Exception:
                self.complaints.append(traceback.format_exc())
            if again is not None:
                self.add(job, again)
            with self.changed:
                self.running -= 1
