"""Runs the tests of one file of this folder: run.py FILE --build DIR [--long] [Class.method…]."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(HERE), *(str(TESTS / name) for name in ("integration", "fleet", "stack", "stack/servers")), str(TESTS)]

import sizes
from support import runner, surroundings


def main():
    parser = runner.parser(__doc__)
    parser.add_argument("--long", action="store_true", help="the whole; else what ./dev test runs")
    options = parser.parse_args()
    sizes.long = options.long
    surroundings.stores = "servers"
    runner.run(options, "faults")


if __name__ == "__main__":
    main()
