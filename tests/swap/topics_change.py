"""Another list of topics, on the real broker: a version that reads one more, one that drops one, a restart with one more;
and a host that leaves for good gives its partitions up at once."""

import json
import os
import subprocess
import time
import unittest

from dawdling_host import NAME, PATH, DawdlingHost
from stores import Servers
from support import surroundings
from waiting import wait_until

PARTITIONS_GONE = 5  # seconds until others have what a host gave up; without --leave it is the session's 30
KEYS = 16            # events with these have all partitions, as good as certainly


class TopicsChange(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.store = Servers("topics")
        self.addCleanup(self.store.remove, surroundings.build)  # after those that end the hosts
        self.config = self.store.override([NAME])

    def host(self, name, topics=1):
        host = DawdlingHost(f"{self._testMethodName}-{name}", config={"events": self.config["events"], "plugins": self.config["plugins"]})
        self.addCleanup(host.__exit__)
        self.choose(host, "1.0.0", topics)
        return host

    def choose(self, host, number, topics):
        host.change({"plugins": {NAME: {"file": str(host.version(number, migrations=1, topics=topics))}}})

    def taken(self, host):
        return {(one["what"], one["version"]) for one in host.get(f"{PATH}/events")["items"]}

    def wait_for(self, host, what, version, seconds=60):
        wait_until(lambda: (what, version) in self.taken(host), seconds, f"{version} takes {what}: {self.taken(host)}")

    def ask(self, host, gate, path="events"):
        host.post(f"{PATH}/{path}", {"gate": gate})

    def generation(self):
        """How often the group was rebalanced, by the broker's own count."""
        done = subprocess.run([surroundings.build / "bin" / "group_generations", os.environ["STOA_TEST_KAFKA"], self.store.topics],
                              capture_output=True, text=True, check=True)
        counted = json.loads(done.stdout)
        return next(generation for group, generation in counted.items() if group.endswith(NAME))

    def test_a_version_reads_one_topic_more_and_the_next_one_less(self):
        host = self.host("host").start().wait_until_ready()
        self.ask(host, "first")
        self.ask(host, "early", "told")  # nobody reads it yet
        self.wait_for(host, "first", "1.0.0")
        before = self.generation()

        same = host.upgrade(host.version("1.1.0", topics=1), "--warm", "0s")
        self.assertNotIn("rebalanced", json.dumps(same))
        self.ask(host, "same")
        self.wait_for(host, "same", "1.1.0")
        self.assertEqual(self.generation(), before)

        more = host.upgrade(host.version("1.2.0", topics=2), "--warm", "0s")
        self.assertIn("it also reads dawdle.told: its consumer group is rebalanced once", more["notes"])
        self.wait_for(host, "early", "1.2.0")
        self.ask(host, "both")
        self.wait_for(host, "both", "1.2.0")
        self.assertEqual(self.generation(), before + 1)

        fewer = host.upgrade(host.version("1.3.0", topics=1), "--warm", "0s", "--allow-breaking")
        self.assertIn("it no longer reads dawdle.told: its consumer group is rebalanced once", fewer["notes"])
        wait_until(lambda: self.generation() == before + 2, what="the group has heard of it")
        self.ask(host, "late", "told")
        self.ask(host, "after")
        self.wait_for(host, "after", "1.3.0")
        self.assertNotIn("late", {what for what, _ in self.taken(host)})
        self.assertEqual(self.generation(), before + 2)

        back = host.stoactl("rollback", NAME)
        self.assertEqual(back["version"], "1.2.0")
        self.wait_for(host, "late", "1.2.0")  # nothing of what it missed is lost

    def test_a_restart_with_one_topic_more_reads_it(self):
        """A static member that comes back is given what it had before, whatever it asks for (KAFKA-12759)."""
        host = self.host("host").start().wait_until_ready()
        self.ask(host, "early", "told")
        self.ask(host, "first")
        self.wait_for(host, "first", "1.0.0")
        self.assertEqual(host.stop(), 0)
        self.choose(host, "1.1.0", topics=2)
        host.start().wait_until_ready()
        self.wait_for(host, "early", "1.1.0")
        self.ask(host, "second")
        self.wait_for(host, "second", "1.1.0")
        self.assertIn("KAFKA-12759", host.log)

    def test_a_host_that_leaves_gives_its_partitions_up_at_once(self):
        first, second = self.host("first", topics=2), self.host("second", topics=2)
        self.choose(second, "1.0.1", topics=2)
        for host in (first, second):
            host.start().wait_until_ready()
        number = iter(range(10_000))

        def both_read():
            for _ in range(KEYS):
                self.ask(first, f"before-{next(number)}", "told")
            return {version for _, version in self.taken(first)} >= {"1.0.0", "1.0.1"}
        wait_until(both_read, 60, "both hosts have partitions")
        first.stoactl("drain", "--leave")
        self.assertEqual(first.process.wait(60), 0)
        gone = time.monotonic()
        keys = {f"after-{key}" for key in range(KEYS)}
        for key in keys:
            self.ask(second, key, "told")
        wait_until(lambda: keys <= {what for what, _ in self.taken(second)}, PARTITIONS_GONE, "the other has all partitions")
        print(f"\nall partitions are read {time.monotonic() - gone:.1f} s after the host has gone")
