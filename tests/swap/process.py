"""What a process holds, read from outside of it."""

import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Footprint:
    rss_kib: int
    maps: int
    fds: int
    threads: int

    def growth_since(self, before) -> dict:
        return {name: getattr(self, name) - getattr(before, name) for name in ("rss_kib", "maps", "fds", "threads")}


def footprint(pid: int) -> Footprint:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Footprint(int(status["VmRSS"].split()[0]), len(maps(pid)), len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]))


def at_rest(pid: int, quiet: float = 3, seconds: float = 40) -> Footprint:
    """Once no descriptor and no thread came or went for a while: idle connections have been closed."""
    end = time.monotonic() + seconds
    last, since = footprint(pid), time.monotonic()
    while time.monotonic() < min(end, since + quiet):
        time.sleep(0.2)
        now = footprint(pid)
        if (now.fds, now.threads) != (last.fds, last.threads):
            since = time.monotonic()
        last = now
    return last


def descriptors(pid: int) -> Counter:
    """How many of each kind there are; sockets by the port of the other end."""
    ports = {}
    for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        ports[f"socket:[{fields[9]}]"] = f"socket to port {int(fields[2].rpartition(':')[2], 16)}"
    kinds = Counter()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except FileNotFoundError:
            continue
        kinds[ports.get(target, target.partition(":[")[0])] += 1
    return kinds


def maps(pid: int) -> list:
    return Path(f"/proc/{pid}/maps").read_text().splitlines()


def mapped_copies(pid: int, plugin: str, state: Path) -> set:
    """The files under the host's state directory that are mapped for this plugin; a file that is removed while it is
    mapped counts as well."""
    paths = {line.split(None, 5)[5] for line in maps(pid) if len(line.split(None, 5)) == 6}
    return {path for path in paths if path.startswith(str(state)) and Path(path).name.startswith(f"{plugin}.")}
