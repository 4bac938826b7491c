"""Toxiproxy between a host and what it talks to. The program is built by tests/dev/toxiproxy.sh."""

import http.client
import json
import subprocess
from contextlib import contextmanager
from pathlib import Path

from fleet import end_with_parent
from ports import free_port
from waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "build" / "tools" / "toxiproxy-server"
BOTH = ("upstream", "downstream")

# What may be wrong with a line: type of the toxic, its attributes, which ways it works.
SLOW = ("latency", {"latency": 2000}, ("downstream",))
RESET = ("reset_peer", {"timeout": 0}, BOTH)
SILENT = ("timeout", {"timeout": 0}, BOTH)  # nothing comes through, and nobody hangs up
PIECEMEAL = ("slicer", {"average_size": 1, "size_variation": 0, "delay": 0}, BOTH)


class Toxiproxy:
    def __init__(self, log):
        if not PROGRAM.exists():
            raise AssertionError(f"{PROGRAM} is not there; ./dev test builds it, or: bash -c 'source tests/dev/toxiproxy.sh; toxiproxy'")
        self.port, self.lines = free_port(), {}
        with open(log, "wb") as out:
            self.process = subprocess.Popen([PROGRAM, "-host", "127.0.0.1", "-port", str(self.port)], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, preexec_fn=end_with_parent)
        wait_until(self._answers, 20, "toxiproxy answers")

    def _answers(self):
        try:
            return self._ask("GET", "/version") is not None
        except OSError:
            return False

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status >= 300:
                raise RuntimeError(f"toxiproxy: {method} {path}: {answer.status} {text}")
            return text
        finally:
            connection.close()

    def line(self, name, upstream: int, port: int = 0) -> int:
        """A port that leads to the other port."""
        port = port or free_port()
        self._ask("POST", "/proxies", {"name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{upstream}", "enabled": True})
        return port

    @contextmanager
    def fault(self, line, kind):
        """On connections that are there, and on new ones."""
        toxic, attributes, streams = kind
        for stream in streams:
            self._ask("POST", f"/proxies/{line}/toxics", {"name": stream, "type": toxic, "stream": stream, "attributes": attributes})
        try:
            yield
        finally:
            for stream in streams:
                self._ask("DELETE", f"/proxies/{line}/toxics/{stream}")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
