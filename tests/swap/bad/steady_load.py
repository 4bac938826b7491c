"""Clients that keep their connections and ask all the time, and whoever failed."""

import http.client
import json
import threading
import time
from dataclasses import dataclass

READERS, WRITERS = 2, 1
READ_PAUSE, WRITE_PAUSE = 0.003, 0.015
TIMEOUT = 10


@dataclass(frozen=True)
class Failure:
    status: int     # 0: no answer
    problem: str    # type of the problem, or what happened to the connection


class SteadyLoad:
    def __init__(self, port):
        self.port, self.stopped = port, threading.Event()
        self.lock = threading.Lock()
        self.done, self.added, self.failures = 0, 0, []
        self.versions = set()
        self.threads = [threading.Thread(target=self.read) for _ in range(READERS)]
        self.threads += [threading.Thread(target=self.write) for _ in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def read(self):
        self.repeat("GET", "/api/v1/trials/asked", None, 200, READ_PAUSE)

    def write(self):
        self.repeat("POST", "/api/v1/trials", json.dumps({"name": "added"}), 201, WRITE_PAUSE)

    def repeat(self, method, path, body, expected, pause):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        while not self.stopped.is_set():
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
                answer = connection.getresponse()
                self.count(answer.status, json.loads(answer.read()), expected)
            except (OSError, http.client.HTTPException, ValueError) as failure:
                self.count(0, {"type": repr(failure)}, expected)
                connection.close()
            time.sleep(pause)
        connection.close()

    def count(self, status, body, expected):
        with self.lock:
            self.done += 1
            self.added += status == 201
            if status == expected:
                self.versions.add(body["version"])
            else:
                self.failures.append(Failure(status, body.get("type", "")))

    def take(self) -> tuple:
        """What failed and which versions answered since this was last asked."""
        with self.lock:
            taken = self.failures, self.versions
            self.failures, self.versions = [], set()
        return taken

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
