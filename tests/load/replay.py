"""A year's catalogue and 2,000 real baskets on the real Kafka broker and PostgreSQL, in two topologies: the replay of
tests/replay with all products. Fails when a cent differs from the independent computation, or when the auditor finds
anything."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ROOT / "build" / "replay"
SERVERS = True
PYTHON_PACKAGES = True
sys.path.insert(0, str(ROOT / "tests" / "load" / "support"))

from figures import figure

TOPOLOGIES = ("all-in-one", "one-per-host")


def replay(build, topology, baskets) -> dict:
    """The figures of one replay; None when it failed, and said why."""
    print(f"{topology}:", flush=True)
    done = subprocess.run([ROOT / "tests" / "replay" / "run.sh", build, "servers", topology, str(baskets), "--catalogue"])
    return json.loads((RUN / f"servers-{topology}" / "run" / "figures.json").read_text()) if done.returncode == 0 else None


def figures(topology, found) -> list:
    seconds = found["seconds"]
    values = [("products", found["products"], ""), ("products_per_second", found["products"] / seconds["import"], "1/s"),
              ("orders", found["orders"], ""), ("placed_per_second", found["orders"] / seconds["place"], "1/s"),
              ("orders_per_second", found["orders"] / (seconds["place"] + seconds["deliver"]), "1/s"),
              ("wall_seconds", sum(seconds.values()), "s"), ("revenue", found["revenue"], "EUR/100"),
              ("differences", found["differences"], ""), ("audit_findings", found["findings"], "")]
    return [figure("replay", topology, metric, value, unit) for metric, value, unit in values]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--baskets", type=int, default=2000)
    options = parser.parse_args()
    found = {topology: replay(options.build, topology, options.baskets) for topology in TOPOLOGIES}
    for topology, result in found.items():
        print(*(figures(topology, result) if result else []), sep="\n")
    if None in found.values():
        sys.exit(f"replay failed in {', '.join(topology for topology, result in found.items() if result is None)}")


if __name__ == "__main__":
    main()
