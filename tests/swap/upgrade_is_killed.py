"""kill -9 at any point of an upgrade: before the record the old version runs after the restart, after it the new one."""

import hashlib
import random
import signal
import sqlite3
import time
import unittest

from dawdling_host import NAME, PATH, DawdlingHost
from waiting import wait_until

ROUNDS = 25  # of the full run: 200
SPAN = 1.5   # of the time that one upgrade took: another may take longer
OLD, NEW = "1.0.0", "1.1.0"
STAGES = ["staged", "validated", "probed", "loaded", "migrated", "handed over", "healthy", "published", "unloaded"]


class UpgradeIsKilled(unittest.TestCase):
    maxDiff = None

    def host(self, name):
        host = DawdlingHost(f"{self._testMethodName}-{name}")
        self.addCleanup(host.__exit__)
        return host.start().wait_until_ready(), host.version(NEW)

    def begin(self, host, file):
        return host.stoactl_process("upgrade", file, "--warm", "0s")

    def test_at_random_points(self):
        host, file = self.host("whole")
        began = time.monotonic()
        self.begin(host, file).communicate()
        duration = time.monotonic() - began
        host.__exit__()
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        ends = {OLD: 0, NEW: 0}
        for number in range(ROUNDS):
            delay = SPAN * duration * (number + dice.random()) / ROUNDS  # a random point of each part of it
            with self.subTest(round=number, delay=round(delay, 4), seed=seed):
                host, file = self.host(str(number))
                command = self.begin(host, file)
                time.sleep(delay)  # the point itself, not a wait for something
                ends[self.killed(host, command, file)] += 1
        print(f"\n{ROUNDS} kills within {duration * 1000:.0f} ms: {ends[OLD]} before the record, {ends[NEW]} after it")

    def test_right_after_each_stage(self):
        ends = {}
        for stage in STAGES:
            with self.subTest(stage):
                host, file = self.host(stage.replace(" ", "-"))
                host.answer()
                command = self.begin(host, file)
                for line in command.stderr:
                    if stage in line:
                        break
                else:
                    self.fail(f"the stage was not told: {command.communicate()}")
                ends[stage] = self.killed(host, command, file)
        self.assertEqual({stage: ends[stage] for stage in ("staged", "loaded")}, {"staged": OLD, "loaded": OLD})
        self.assertEqual({stage: ends[stage] for stage in ("published", "unloaded")}, {"published": NEW, "unloaded": NEW})

    def killed(self, host, command, file):
        """Kills, restarts and looks at everything. The version that ran after the restart."""
        host.process.send_signal(signal.SIGKILL)
        host.process.wait(30)
        command.communicate()
        expected = host.record()["version"]
        host.start().wait_until_ready()
        self.assertEqual(host.answer()["version"], expected)
        self.assertEqual((host.states(), host.record()["version"]), ([(expected, "active")], expected))
        self.assertEqual(host.mapped(), 1)
        self.assert_state_is_valid(host)
        self.assert_schema_is_usable(host, expected)
        after = host.upgrade(file, "--warm", "0s") if expected == OLD else host.stoactl("rollback", NAME)
        self.assertEqual(host.answer()["version"], after["version"])
        self.assertEqual({after["version"], expected}, {OLD, NEW})
        host.__exit__()
        return expected

    def assert_state_is_valid(self, host):
        for file in (host.state / "store").rglob("*"):
            if file.is_file():
                self.assertEqual(file.name, f"{NAME}.so")
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                self.assertEqual(file.parent.name.split("+")[1], digest[:12])
        self.assertEqual([file.parent.name for file in (host.state / "gen").rglob("*.so")], [str(host.process.pid)])
        known = {"active.json", "history.jsonl"}
        self.assertLessEqual({file.name for file in (host.state / "plugins" / NAME).iterdir()}, known)
        self.assertFalse((host.state / "plugins.d").exists())

    def assert_schema_is_usable(self, host, version):
        with sqlite3.connect(f"file:{host.state / f'{NAME}_db.sqlite'}?mode=ro", uri=True) as database:
            tables = {name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            applied = {row[0] for row in database.execute(f"SELECT version FROM stoa_migrations WHERE component = '{NAME}'")}
        self.assertIn(applied, [{1}, {1, 2}])
        self.assertEqual("notes" in tables, 2 in applied, "a migration is there completely, or not at all")
        self.assertLessEqual(2 if version == NEW else 1, max(applied))
        host.post(f"{PATH}/events", {"gate": "open"})
        wait_until(lambda: host.get(f"{PATH}/events")["items"] == [{"version": version, "what": "open"}], what="its event is taken, once")
