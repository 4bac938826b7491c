"""Runs the scenarios of one file against a fleet: run.py FILE --build DIR [--stores embedded|servers] [--topology NAME].

A scenario file is a unittest module whose classes derive from support.scenario.Scenario. Each class starts its fleet
once, and its scenarios share it.
"""

import argparse
import importlib
import shutil
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

from support import surroundings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="name of a file in this folder, without .py")
    parser.add_argument("scenarios", nargs="*", help="only these: Class or Class.method")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--stores", choices=["embedded", "servers"], default="embedded")
    parser.add_argument("--topology", default="all-in-one")
    parser.add_argument("--run", type=Path, help="the folder for data and logs; emptied")
    options = parser.parse_args()
    surroundings.build = options.build.resolve()
    surroundings.stores = options.stores
    surroundings.topology = options.topology
    surroundings.run = options.run or surroundings.build / "integration" / f"{options.file}-{options.stores}-{options.topology}"
    shutil.rmtree(surroundings.run, ignore_errors=True)
    surroundings.run.mkdir(parents=True)

    module = importlib.import_module(options.file)
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(options.scenarios, module) if options.scenarios else loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    if result.testsRun == 0 or result.skipped:
        sys.exit(f"{options.file}: {result.testsRun} scenarios ran, {len(result.skipped)} were skipped; each must run")
    if not result.wasSuccessful():
        sys.exit(f"the hosts' logs are in {surroundings.run}")


if __name__ == "__main__":
    main()
