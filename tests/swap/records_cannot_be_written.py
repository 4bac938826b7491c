"""The disk takes no record: an upgrade changes nothing, a rollback serves and says that a restart would undo it."""

import unittest

from dawdling_host import NAME, DawdlingHost
from waiting import wait_until

OLD, NEW = "1.0.0", "1.1.0"


class RecordsCannotBeWritten(unittest.TestCase):
    def host(self):
        host = DawdlingHost(self._testMethodName)
        self.addCleanup(host.__exit__)
        return host.start().wait_until_ready()

    def test_an_upgrade_is_refused_and_the_old_version_serves(self):
        host = self.host()
        with NoRecords(host):
            refused = host.upgrade(host.version(NEW), "--warm", "0s", code=1)
        self.assertIn(f"{OLD} goes on serving", refused["error"]["message"])
        self.assertEqual((host.answer()["version"], host.record()["version"]), (OLD, OLD))
        host.wait_for_states([(OLD, "active")])
        self.assertEqual(host.upgrade(host.version(NEW), "--warm", "0s")["version"], NEW)

    def test_a_rollback_serves_and_is_written_down_by_the_next(self):
        host = self.host()
        file = host.version(NEW)
        host.upgrade(file, "--warm", "60s")
        with NoRecords(host):
            back = host.stoactl("rollback", NAME)
        self.assertEqual((back["outcome"], back["version"], len(back["warnings"])), ("not recorded", OLD, 1), back)
        self.assertIn(f"{NEW} would run after a restart", back["summary"])
        self.assertEqual((host.answer()["version"], host.record()["version"]), (OLD, NEW))
        again = host.stoactl("rollback", NAME)
        self.assertEqual((again["outcome"], again["version"]), ("active", OLD))
        self.assertEqual((host.answer()["version"], host.record()["version"]), (OLD, OLD))
        self.assertIn("it was rolled back", host.upgrade(file, code=1)["error"]["message"])
        wait_until(lambda: host.states() == [(OLD, "active")], what="the version left is unloaded")
        host.stop()
        host.start().wait_until_ready()
        self.assertEqual(host.answer()["version"], OLD)


class NoRecords:
    """A file lies where the plugin's records belong, so that none can be written, whoever runs the tests."""

    def __init__(self, host):
        self.folder = host.state / "plugins" / NAME
        self.away = self.folder.with_name(f"{NAME}.away")

    def __enter__(self):
        self.folder.rename(self.away)
        self.folder.touch()

    def __exit__(self, *_):
        self.folder.unlink()
        self.away.rename(self.folder)
