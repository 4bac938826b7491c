"""Every bad version is refused with its reason, and the old one serves on: refusals.py --build DIR [CASE…]

One host with the right version, asked all the time on connections that stay open. Each file of cases.py is given to
`stoactl upgrade`; afterwards the host has to be what it was before.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

from support import surroundings
from support.one_host import OneHost
from waiting import wait_until

import cases
from steady_load import Failure, SteadyLoad

PROBE_SECONDS = 5
SETTINGS = {
    "upgrade": {"window": "0s", "health": "1s", "memory_growth": "24MiB", "probe": {"timeout": f"{PROBE_SECONDS}s"}},
    "log": {"level": "warn"},
}
OF_THE_CANARY = Failure(500, "urn:stoa:problem:trial-fails")
MOST_LOST_TO_A_CANARY = 200


def program(name):
    return surroundings.build / "bin" / name


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class BadVersionsAreRefused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["TRIAL_HOST"] = "yes"  # the host has it, the probe's process has not: see trial.cpp
        trust = {"security": {"plugin_keys": f"{cases.key('release')}.pub", "unsigned_plugins": "allow"}}
        cls.host = OneHost("bad-versions", {**SETTINGS, **trust})
        cls.host.start(f"--plugin={surroundings.plugin('trial')}", f"--plugin={surroundings.plugin('poison')}")
        try:
            cls.host.wait_until_ready()
            with cls.database() as database:
                database.execute("CREATE TABLE made_by_hand (id text)")
            cls.load = SteadyLoad(cls.host.internal)
        except BaseException:
            cls.host.process.kill()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.load.stop()
        failures, _ = cls.load.take()
        with cls.host:
            wait_until(lambda: cls.rows("heard") >= cls.load.added, 20, "every event is heard")
            rows, heard = cls.rows("trials"), cls.rows("heard")
            code = cls.host.stop()
        assert not failures, failures
        assert rows == heard == cls.load.added, f"{cls.load.added} answered, {rows} rows, {heard} events"
        assert code == 0, f"the host ended with code {code}"
        print(f"\n{cls.load.done} requests, {rows} rows and events", flush=True)

    @classmethod
    def database(cls):
        return sqlite3.connect(cls.host.folder / "state" / "trial_db.sqlite", timeout=10)

    @classmethod
    def rows(cls, table):
        with cls.database() as database:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def stoactl(self, *words):
        socket = self.host.folder / "state" / "control.sock"
        done = subprocess.run([program("stoactl"), f"--socket={socket}", "--json", *words], capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout)

    def history(self):
        return self.stoactl("history", "trial")[1]

    def state(self):
        """All that a refusal has to leave as it was."""
        rows = [[row[key] for key in ("name", "version", "generation", "state")] for row in self.stoactl("plugins")[1]]
        with self.database() as database:
            schema = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            schema += database.execute("SELECT component, version FROM stoa_migrations ORDER BY 1, 2").fetchall()
        maps = Path(f"/proc/{self.host.process.pid}/maps").read_text().splitlines()
        copies = self.host.folder / "state" / "gen"
        return {"plugins": sorted(rows), "schema": schema, "copies": sorted(str(file) for file in copies.rglob("*.so")),
                "mapped": sorted({line.split()[-1] for line in maps if ".so" in line and str(self.host.folder) in line})}

    def asked_since(self, done):
        """The load goes on: both kinds of requests have been answered since."""
        wait_until(lambda: self.load.done > done + 20, 20, "the load goes on")

    def refuse(self, case, file, phrase):
        code, answer = self.stoactl("upgrade", str(file), *case.arguments)
        self.assertEqual(code, 1, answer)
        self.assertIn(phrase, answer["error"]["message"])

    def check_tools(self, case, file):
        """stoa-validate and stoa-probe name what they can see, and nothing else."""
        validator = surroundings.build / "abi" / "validate" / "stoa-validate"
        validated, said = run(validator, "--host", program("host"), "--against", surroundings.plugin("trial"), file)
        self.assertEqual(validated == 2, case.seen_by in ("validate", "against"), said)
        if validated == 2:
            found = "DROP" if case.name == "migration_destructive" else case.phrase
            self.assertIn(found, said)
            return
        if case.name == "route_collides":
            return  # neither knows of another plugin
        probed, said = run(program("stoa-probe"), "--timeout-ms", PROBE_SECONDS * 1000, file)
        self.assertEqual(probed != 0, case.seen_by == "probe", said)
        if probed:
            self.assertIn(case.phrase, said)

    def check_history(self, case, before):
        after = self.history()
        if after == before:  # a file that cannot be read says not whose it is
            self.assertEqual(case.seen_by, "validate")
            return
        last = after[-1]
        self.assertEqual((last["what"], last["version"]), ("withdrawn" if case.arguments else "refused", cases.NEW))
        self.assertIn(case.phrase, last["outcome"])

    def check_load(self, case):
        failures, versions = self.load.take()
        expected = {OF_THE_CANARY} if case.name == "answers_500_as_a_canary" else set()
        self.assertEqual(set(failures), expected)
        self.assertLess(len(failures), MOST_LOST_TO_A_CANARY)
        # A failure says who answered, too: of the few requests that a canary gets before it is withdrawn each may be one.
        answered = versions | ({cases.NEW} if failures else set())
        self.assertEqual(answered, {cases.OLD, cases.NEW} if case.arguments else {cases.OLD})

    def attempt(self, case):
        file = self.host.folder / f"{case.name}.so"
        case.make(file)
        self.check_tools(case, file)
        before, history, asked = self.state(), self.history(), self.load.done
        self.refuse(case, file, case.phrase)
        self.asked_since(self.load.done)
        self.assertIsNone(self.host.process.poll(), self.host.log)
        self.assertEqual(self.state(), before)
        self.check_history(case, history)
        if case.arguments:
            self.refuse(case, file, "was withdrawn before")
        self.check_load(case)
        self.assertGreater(self.load.done, asked)
        file.unlink()


def add(case):
    setattr(BadVersionsAreRefused, f"test_{case.name}", lambda self: self.attempt(case))


def add_all(sanitized):
    for group in (cases.FILES, cases.SIGNATURES, cases.VERSIONS, cases.PROBED, cases.HOSTED, cases.CANARIES):
        for case in group:
            if not (sanitized and case.name in cases.OF_MEMORY):
                add(case)


def leave_signals_alone():
    """A sanitizer would make an ordinary exit of a crash in the probe."""
    for variable in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
        os.environ[variable] = ":".join(filter(None, (os.environ.get(variable), "handle_segv=0:handle_abort=0")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="only these")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--sanitized", action="store_true", help="the programs run with a sanitizer: no cases of memory")
    options = parser.parse_args()
    add_all(options.sanitized)
    if options.sanitized:
        leave_signals_alone()
    surroundings.build = options.build.resolve()
    surroundings.run = surroundings.build / "swap" / "bad"
    shutil.rmtree(surroundings.run, ignore_errors=True)
    surroundings.run.mkdir(parents=True)
    loader = unittest.defaultTestLoader
    names = [f"BadVersionsAreRefused.test_{name}" for name in options.cases]
    module = sys.modules[__name__]
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    if not result.wasSuccessful():
        sys.exit(f"the host's log is in {surroundings.run}")


if __name__ == "__main__":
    main()
