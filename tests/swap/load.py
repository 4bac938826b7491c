"""Runs the load generator of tests/load/generator and reads what it wrote."""

import csv
import json
import secrets
import signal
import subprocess
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from waiting import wait_until

LOST, CUT = -1, 0


@dataclass
class Request:
    """One row of the log; times are those of time.monotonic(), in seconds."""
    number: int
    kind: str
    due: float
    latency: float
    status: int
    key: str
    id: str

    @property
    def end(self) -> float:
        return self.due + self.latency


class Load:
    def __init__(self, build: Path, folder: Path, base: str, kinds: list, rate: float = 0, connections: int = 8, seconds: float = 0):
        """`kinds` as the plan of the generator has them; without `seconds` it runs until `stop`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.prefix = f"{folder.name}-{secrets.token_hex(4)}"
        self.log = folder / "requests.tsv"
        self.complaints = folder / "complaints.log"
        where = urllib.parse.urlsplit(base)
        plan = folder / "plan.json"
        plan.write_text(json.dumps({"host": where.hostname, "port": where.port, "connections": connections, "rate": rate,
                                    "seconds": seconds, "prefix": self.prefix, "kinds": kinds}))
        plan.chmod(0o600)  # it holds a token
        with open(self.complaints, "w") as complaints:
            self.process = subprocess.Popen([build / "bin" / "load", plan, self.log], stdout=subprocess.PIPE, stderr=complaints, text=True)

    def answered(self) -> int:
        """Requests that the log tells of by now; they are written in blocks of some hundred."""
        if not self.log.exists():  # it has not begun
            return 0
        with open(self.log, "rb") as rows:
            return max(0, sum(1 for _ in rows) - 1)

    def wait_for(self, more: int):
        """Until so many more requests have been answered."""
        wanted = self.answered() + more
        wait_until(lambda: self.answered() >= wanted or not self.running(), 120, f"{more} more requests are answered")

    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> dict:
        """Lets it finish what is under way; the figures of all that it sent."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = 120) -> dict:
        out, _ = self.process.communicate(timeout=seconds)
        if self.process.returncode not in (0, 1):
            raise RuntimeError(f"the load generator ended with code {self.process.returncode}: {self.complaints.read_text()[-2000:]}")
        return json.loads(out)

    def requests(self) -> list:
        with open(self.log, newline="") as rows:
            return [Request(int(row["number"]), row["kind"], int(row["due_us"]) / 1e6, int(row["latency_us"]) / 1e6,
                            int(row["status"]), row["key"], row["id"]) for row in csv.DictReader(rows, delimiter="\t")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.running():
            self.process.kill()
            self.process.wait()


def quantile(values, q: float) -> float:
    """Nearest rank; the values need not be sorted."""
    ordered = sorted(values)
    return ordered[min(int(q * len(ordered)), len(ordered) - 1)]
