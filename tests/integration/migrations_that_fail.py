"""A migration that was changed after it was applied, and one that fails halfway, leave the data as they were."""

import json
import sqlite3
import unittest

import stores
from support import plugin_files, surroundings
from support.one_host import OneHost


class MigrationsThatFail(unittest.TestCase):
    def setUp(self):
        self.servers = stores.Servers("migrations") if surroundings.stores == "servers" else None
        if self.servers:
            self.addCleanup(self.servers.remove, surroundings.build)
        config = {"plugins": self.servers.override(["poison"])["plugins"]} if self.servers else None
        self.host = OneHost(self._testMethodName, config)
        self.right = surroundings.plugin("poison")

    def with_migration(self, version, sql):
        return plugin_files.changed(self.right, self.host.folder / "poison.so", lambda manifest: plugin_files.migration(manifest, version, sql))

    def run_once(self, file):
        with self.host.start(f"--plugin={file}"):
            self.host.wait_until_ready()
            self.host.post("/api/v1/drops", {"cloud": "a", "poisoned": False})
            self.assertEqual(self.host.stop(), 0)

    def query(self, statement):
        if self.servers:
            return self.servers.query(None, "poison", statement)
        with sqlite3.connect(self.host.folder / "state" / "poison_db.sqlite") as database:
            return database.execute(statement).fetchall()

    def tables(self):
        return {name for name, in self.query("select tablename from pg_tables where schemaname = current_schema()" if self.servers
                                             else "select name from sqlite_master where type = 'table'")}

    def test_one_that_was_changed_after_it_was_applied(self):
        self.run_once(self.right)
        # A new file at the start is an upgrade like any other: refused, it leaves what ran before.
        self.run_once(self.with_migration(2, 'CREATE TABLE cured (id bigint);'))
        refused = next(line for line in self.host.log.splitlines() if "the version before runs" in line)
        for reason in ("poison", "cures", "has another text"):
            self.assertIn(reason, refused)
        self.assertNotIn("cured", self.tables())
        # The right file finds everything as it was.
        self.run_once(self.right)

    def test_one_that_fails_halfway(self):
        with self.host:
            code, said = self.host.fails(f"--plugin={self.with_migration(2, 'CREATE TABLE first_half (id bigint); CREATE TABLE drops (id bigint);')}")
        self.assertEqual(code, 70, self.host.log)
        for reason in ("poison", "cures", "drops"):
            self.assertIn(reason, said)
        self.assertIn("drops", self.tables())
        self.assertNotIn("first_half", self.tables(), "half a migration was kept")
        # It is tried again as a whole.
        self.run_once(self.right)
        self.assertIn("first_half", self.tables())

    def test_one_that_is_gone(self):
        """An older file after a newer one: it cannot know what it would break."""
        self.run_once(self.right)
        older = plugin_files.changed(self.right, self.host.folder / "poison.so", lambda manifest: manifest["migrations"].pop())
        with self.host:
            self.host.start(f"--plugin={older}")
            try:
                self.host.wait_until_ready()
            except AssertionError:
                self.assertEqual(self.host.process.returncode, 70, self.host.log)
                self.assertIn("poison", self.host.log)

    def test_the_manifest_says_what_is_applied(self):
        self.run_once(self.right)
        applied = self.query("select version, name from stoa_migrations where component = 'poison' order by version")
        self.assertEqual([(int(version), name) for version, name in applied], [(1, "drops"), (2, "cures")], json.dumps(applied))
