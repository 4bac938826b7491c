"""Servers of the test's own, which it may stop, cut off and fill: those of tests/stack, in a folder of their own."""

import atexit
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kafka
import postgresql
import smtp
from stack import STACK, end_leftovers, remove


class OwnServers:
    """While it is entered, the environment names these servers, for this process and the hosts that it starts."""

    def __init__(self, folder: Path):
        self.folder, self.before = folder, {}
        self.postgresql, self.kafka, self.smtp = (kind.Server(folder) for kind in (postgresql, kafka, smtp))

    @property
    def all(self) -> list:
        return [self.postgresql, self.kafka, self.smtp]

    def __enter__(self):
        end_leftovers(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "jars").exists():  # Kafka's are fetched once, and stay
            (STACK / "jars").mkdir(parents=True, exist_ok=True)
            (self.folder / "jars").symlink_to(STACK / "jars")
        atexit.register(self.stop)  # also when a test is broken off
        try:
            with ThreadPoolExecutor(len(self.all)) as pool:
                list(pool.map(lambda server: server.start(), self.all))
        except BaseException:
            self.stop()
            raise
        for name, value in self.environment().items():
            self.before[name] = os.environ.get(name)
            os.environ[name] = value
        return self

    def environment(self) -> dict:
        return {name: value for server in self.all for name, value in server.environment().items()}

    def __exit__(self, *_):
        for name, value in self.before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        self.stop()
        atexit.unregister(self.stop)

    def stop(self):
        for server in self.all:
            server.stop()
            remove(server.folder)
