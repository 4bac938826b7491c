"""Looks into the stores of a shop and says what does not agree: ./dev audit. Exit code 1 when something does not, 2 when
a store can't be read."""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from audit.auditor import examine, settle
from audit.stores.errors import CannotLook


def main():
    parser = argparse.ArgumentParser(prog="./dev audit", description=__doc__)
    parser.add_argument("--run", type=Path, default=ROOT / "build" / "run", help="the shop's run directory; that of ./dev up unless given")
    parser.add_argument("--json", action="store_true", help="the report as a JSON object")
    parser.add_argument("--settle", type=float, metavar="SECONDS", help="wait so long for everything to come to rest; then whatever still "
                        "waits is a finding")
    options = parser.parse_args()
    try:
        report = examine(options.run) if options.settle is None else settle(options.run, options.settle)
    except CannotLook as reason:
        print(f"./dev audit: can't look: {reason}", file=sys.stderr)
        sys.exit(2)
    print(json.dumps(report.json(), ensure_ascii=False) if options.json else report.text())
    sys.exit(1 if report.findings else 0)


if __name__ == "__main__":
    main()
