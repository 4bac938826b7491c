"""save and restore: the next version goes on with what the one before left, and works the same when that gets lost."""

import unittest

from dawdling_host import DawdlingHost


class StateIsHandedOver(unittest.TestCase):
    def visited(self, **settings):
        """A host that has been asked three times."""
        host = DawdlingHost(self._testMethodName, settings)
        self.addCleanup(host.__exit__)
        host.start().wait_until_ready()
        self.assertEqual([host.answer()["visits"] for _ in range(3)], [1, 2, 3])
        return host

    def assert_begins_anew(self, host, why):
        """The upgrade warns, and the new version works without."""
        done = host.upgrade(host.version("1.1.0"), "--warm", "0s", "--wait")
        self.assertEqual(done["version"], "1.1.0")
        self.assertIn(why, "\n".join(done["warnings"]))
        self.assertEqual(host.answer(), {"version": "1.1.0", "visits": 1, "note": host.note})
        return done

    def test_the_next_version_goes_on_with_what_the_one_before_left(self):
        host = self.visited()
        done = host.upgrade(host.version("1.1.0"), "--warm", "0s")
        self.assertIn("handed over", done["steps"])
        self.assertEqual(host.answer(), {"version": "1.1.0", "visits": 4, "note": ""})
        self.assertEqual(host.stoactl("rollback", "dawdle")["version"], "1.0.0")
        self.assertEqual(host.answer()["visits"], 5)
        host.stoactl("config", "set", "dawdle", "settings.note=hello")
        self.assertEqual(host.answer(), {"version": "1.0.0", "visits": 6, "note": "hello"})

    def test_it_works_the_same_without(self):
        host = self.visited(handover="nothing")
        done = host.upgrade(host.version("1.1.0"), "--warm", "0s")
        self.assertNotIn("warnings", done)
        self.assertNotIn("handed over", done["steps"])
        self.assertEqual(host.answer(), {"version": "1.1.0", "visits": 1, "note": ""})

    def test_a_save_that_fails_or_says_too_much_is_a_warning(self):
        for what, why in (("fails", "the settings say that this fails"), ("too large", "more than 1048576 bytes")):
            with self.subTest(what):
                host = DawdlingHost(f"{self._testMethodName}-{what.replace(' ', '-')}", {"handover": what})
                host.note = ""
                with host.start().wait_until_ready():
                    host.answer()
                    self.assert_begins_anew(host, why)
                    self.assertEqual(host.states(), [("1.1.0", "active")])

    def test_a_restore_that_fails_is_a_warning(self):
        host = self.visited()
        done = host.stoactl("config", "set", "dawdle", "settings.note=refuses")
        self.assertIn("this is no state of mine", str(done))
        self.assertEqual(host.answer(), {"version": "1.0.0", "visits": 1, "note": "refuses"})

    def test_a_save_that_hangs_holds_up_nothing_but_its_own_version(self):
        host = DawdlingHost(self._testMethodName, {"handover": "hangs"}, {"upgrade": {"drain": "300ms"}})
        host.note = ""
        with host.start().wait_until_ready():
            host.close_gate("save")
            done = self.assert_begins_anew(host, "did not end within 1000 ms")
            self.assertEqual(done["former"], "parked")
            self.assertEqual(host.states(), [("1.0.0", "parked"), ("1.1.0", "active")])
            host.open_gate("save")
            host.wait_for_states([("1.1.0", "active")])
            self.assertEqual(host.mapped(), 1)
