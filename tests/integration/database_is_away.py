"""A database that cannot be reached: /readyz says whose, the host waits, and recovers by itself. On PostgreSQL."""

import os
import socket
import threading
import unittest
import urllib.parse

from ports import free_port
from stores import Servers
from support import surroundings
from support.one_host import OneHost
from waiting import wait_until


class Tunnel:
    """A port that leads to PostgreSQL while it is open."""

    def __init__(self, target):
        self.target, self.port, self.listener, self.pairs = target, free_port(), None, []

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.pairs:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.pairs.clear()

    def _accept(self, listener):
        while True:
            try:
                here, _ = listener.accept()
            except OSError:
                return
            there = socket.create_connection(self.target)
            self.pairs += [here, there]
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class DatabaseIsAway(unittest.TestCase):
    def setUp(self):
        store = Servers("away")
        store.override(["poison"])  # makes the database
        self.addCleanup(store.remove, surroundings.build)
        address = urllib.parse.urlsplit(os.environ["STOA_TEST_POSTGRESQL"])
        self.tunnel = Tunnel((address.hostname, address.port))
        self.host = OneHost(self._testMethodName, {"plugins": {"poison": {
            "file": str(surroundings.plugin("poison")), "sql": f"postgresql://{address.username}@127.0.0.1:{self.tunnel.port}/away_poison_db",
            "sql_password": "env:STOA_TEST_POSTGRESQL_PASSWORD"}}})

    def not_ready(self):
        status, text = self.host.ready()
        return status == 503 and "poison" in text

    def test_at_the_start(self):
        with self.host.start():
            wait_until(self.not_ready, what="/readyz names poison")
            self.assertEqual(self.host.get("/livez", "ops"), self.host.get("/livez", "ops"))
            self.tunnel.open()
            self.host.wait_until_ready()
            self.host.post("/api/v1/drops", {"cloud": "a", "poisoned": False})
            wait_until(lambda: self.host.get("/api/v1/drops")["items"], what="the event is handled")
            self.assertEqual(self.host.stop(), 0)
        self.tunnel.close()

    def test_in_between(self):
        self.tunnel.open()
        with self.host.start():
            self.host.wait_until_ready()
            self.host.post("/api/v1/drops", {"cloud": "a", "poisoned": False})
            self.tunnel.close()
            wait_until(self.not_ready, what="/readyz names poison")
            self.tunnel.open()
            self.host.wait_until_ready()
            self.host.post("/api/v1/drops", {"cloud": "a", "poisoned": False})
            wait_until(lambda: len(self.host.get("/api/v1/drops")["items"]) == 2, what="both events are handled")
            self.assertEqual(self.host.stop(), 0)
        self.tunnel.close()
