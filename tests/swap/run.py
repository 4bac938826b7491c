"""Runs the tests of one file of this folder: run.py FILE --build DIR [--rounds N] [Class.method…]."""

import argparse
import importlib
import shutil
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

from support import surroundings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", help="name of a file in this folder, without .py")
    parser.add_argument("tests", nargs="*", help="only these: Class or Class.method")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--run", type=Path, help="the folder for data and logs; emptied")
    parser.add_argument("--rounds", type=int, help="how often what is random is tried; each file has a short number of its own")
    options = parser.parse_args()
    surroundings.build = options.build.resolve()
    surroundings.run = options.run or surroundings.build / "swap-run" / options.file
    shutil.rmtree(surroundings.run, ignore_errors=True)
    surroundings.run.mkdir(parents=True)
    module = importlib.import_module(options.file)
    if options.rounds:
        module.ROUNDS = options.rounds
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(options.tests, module) if options.tests else loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    if result.testsRun == 0 or result.skipped or not result.wasSuccessful():
        sys.exit(f"the hosts' logs are in {surroundings.run}")


if __name__ == "__main__":
    main()
