"""Who used the processor."""

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def seconds_of(hosts) -> float:
    """Of user and kernel, all hosts together (proc(5), /proc/<pid>/stat, fields 14 and 15)."""
    stats = (Path(f"/proc/{host.process.pid}/stat").read_text().rpartition(")")[2].split() for host in hosts)
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICK


def busy_seconds() -> float:
    """Of the whole machine: all but idle and waiting for disks (proc(5), /proc/stat)."""
    user, nice, system, _idle, _wait, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(rest)) / TICK
