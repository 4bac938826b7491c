"""Runs the tests of one file of a folder beside this one; what tests/swap/run.py and tests/faults/run.py share."""

import argparse
import importlib
import shutil
import sys
import unittest
from pathlib import Path

from support import surroundings

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def parser(doc) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=doc)
    options.add_argument("file", help="name of a file in this folder, without .py")
    options.add_argument("tests", nargs="*", help="only these: Class or Class.method")
    options.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    options.add_argument("--run", type=Path, help="the folder for data and logs; emptied")
    options.add_argument("--rounds", type=int, help="how often what is random is tried; each file has a short number of its own")
    return options


def run(options, folder: str):
    """`folder`, below the build's, is for data and logs unless --run names one."""
    surroundings.build = options.build.resolve()
    surroundings.run = options.run or surroundings.build / folder / options.file
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
