"""Runs the tests of one file of this folder: run.py FILE --build DIR [--rounds N] [Class.method…]."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

from support import runner

if __name__ == "__main__":
    runner.run(runner.parser(__doc__).parse_args(), "swap-run")
