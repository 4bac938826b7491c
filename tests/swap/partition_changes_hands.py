"""A partition changes its generation only when its event in flight has ended: on the real broker and PostgreSQL, where
handlers of other partitions go on meanwhile."""

import unittest

from dawdling_host import NAME, PATH, DawdlingHost
from stores import Servers
from support import surroundings
from waiting import wait_until

OLD, NEW = "1.0.0", "1.1.0"
DOORS = ["door-0", "door-1"]  # keys, and gates that hold the handlers of their events; of the topic's four partitions 3 and 0


class PartitionChangesHands(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        store = Servers("hands")
        self.addCleanup(store.remove, surroundings.build)  # after those that end the host
        config = store.override([NAME])
        self.host = DawdlingHost(self._testMethodName, config={**config, "upgrade": {"drain": "200ms"}})
        self.addCleanup(self.host.__exit__)
        self.host.change({"plugins": {NAME: {"file": str(self.version(OLD))}}})
        self.host.start().wait_until_ready()
        for door in DOORS:
            self.host.close_gate(door)
            self.ask(door)
        wait_until(lambda: self.host.inside(OLD) == len(DOORS), 60, "the handlers have begun")

    def version(self, number):
        return self.host.version(number, migrations=1, topics=2)

    def ask(self, gate):
        self.host.post(f"{PATH}/told", {"gate": gate})

    def taken(self):
        return [(one["what"], one["version"]) for one in self.host.get(f"{PATH}/events")["items"]]

    def ask_until_taken_by(self, version, prefix):
        """Events of fresh keys, until one that came to a free partition was taken by this version."""
        number = iter(range(1000))

        def one_more():
            self.ask(f"{prefix}-{next(number)}")
            return any(what.startswith(prefix) and by == version for what, by in self.taken())
        wait_until(one_more, 60, f"{version} takes an event of a free partition")

    def assert_they_wait(self):
        """The new version works on other partitions and on none of those whose event is in flight."""
        self.ask_until_taken_by(NEW, "other")
        wait_until(lambda: self.host.inside(NEW) == 0, what="the new version holds nothing")
        self.assertEqual(self.host.inside(OLD), len(DOORS))
        self.assertEqual([each for each in self.taken() if each[0] in DOORS], [])

    def versions_of_doors(self):
        return {door: [by for what, by in self.taken() if what == door] for door in DOORS}

    def open_doors(self):
        """One after the other: handlers that write at once get in each other's way, and a retry may be the other version's."""
        for door in DOORS:
            self.host.open_gate(door)
            wait_until(lambda door=door: len(self.versions_of_doors()[door]) == 2, 60, f"both events of {door} are taken")
        return self.versions_of_doors()

    def test_by_an_upgrade(self):
        done = self.host.upgrade(self.version(NEW), "--warm", "0s")
        self.assertEqual(done["former"], "parked")
        for door in DOORS:
            self.ask(door)
        self.assert_they_wait()
        self.assertEqual(list(self.open_doors().values()), [[OLD, NEW]] * len(DOORS))
        self.host.wait_for_states([(NEW, "active")])

    def test_by_a_canary(self):
        canary = self.host.stoactl_process("upgrade", self.version(NEW), "--canary", "75%", "--for", "60s", "--events")
        self.addCleanup(canary.communicate)
        self.addCleanup(canary.kill)
        wait_until(lambda: (NEW, "canary") in self.host.states(), 30, "the canary runs")
        for door in DOORS:
            self.ask(door)
        self.assert_they_wait()
        versions = self.open_doors()
        self.assertIn([OLD, NEW], versions.values(), "the canary has some of these partitions")
        for door, by in versions.items():
            self.assertEqual(sorted(by), by, f"{door} does not go back and forth")
