"""Load from wrk: keep-alive connections that ask again as soon as they were answered."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPORT = Path(__file__).with_name("report.lua")


@dataclass
class Measured:
    requests_per_second: float
    p99_ms: float
    p999_ms: float


def measure(url, connections, seconds) -> Measured:
    """Raises RuntimeError when one request failed or was answered by another status than 2xx."""
    done = subprocess.run(["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--script", REPORT, url],
                          capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    if found["errors"] or not found["requests"]:
        raise RuntimeError(f"{url}: {found['errors']} of {found['requests']} requests failed")
    return Measured(found["requests"] / found["seconds"], found["p99_us"] / 1000, found["p999_us"] / 1000)
