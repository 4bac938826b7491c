"""Two hosts that upgrade the same service at the same moment, on one PostgreSQL database: each migration is applied once."""

import unittest

from dawdling_host import NAME, PATH, DawdlingHost
from stores import Servers
from waiting import wait_until

HOSTS = 2


class HostsUpgradeAtOnce(unittest.TestCase):
    def test_each_migration_is_applied_once(self):
        store = Servers("at_once")
        events = store.override([NAME])
        hosts = [DawdlingHost(f"{self._testMethodName}-{number}", config={"events": events["events"], "plugins": events["plugins"]})
                 for number in range(HOSTS)]
        for host in hosts:
            self.addCleanup(host.__exit__)
            host.start()
        for host in hosts:
            host.wait_until_ready()
        self.assertEqual(self.applied(store), [("1",)])
        files = [host.version("1.1.0") for host in hosts]
        upgrades = [host.stoactl_process("upgrade", file, "--warm", "0s") for host, file in zip(hosts, files)]
        for upgrade in upgrades:
            answer = upgrade.communicate(timeout=120)
            self.assertEqual(upgrade.returncode, 0, answer)
        self.assertEqual(self.applied(store), [("1",), ("2",)])
        self.assertEqual([host.answer()["version"] for host in hosts], ["1.1.0"] * HOSTS)
        for host in hosts:
            host.post(f"{PATH}/events", {"gate": "open"})
        wait_until(lambda: len(hosts[0].get(f"{PATH}/events")["items"]) == HOSTS, what="both events are taken")
        self.assertEqual({taken["version"] for taken in hosts[0].get(f"{PATH}/events")["items"]}, {"1.1.0"})

    def applied(self, store):
        return store.query(None, NAME, f"select version from stoa_migrations where component = '{NAME}' order by version")
