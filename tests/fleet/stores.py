"""Where a fleet keeps its data: embedded defaults, or the real servers of ./dev stack. Also reads the databases, for
those who check what a shop holds."""

import csv
import io
import os
import secrets
import sqlite3
import subprocess
import urllib.parse

from topology import FleetError


class Embedded:
    """SQLite files in each host's state directory, one event log for all."""

    name = "embedded"

    def override(self, _plugins) -> dict:
        return {}

    def remove(self, _build):
        """The files stay in the run directory, for whoever wants to look."""

    def query(self, fleet, plugin, statement) -> list:
        """Rows as tuples of SQLite's values, from the plugin's own database file."""
        file = fleet.host_of(plugin).folder / "state" / f"{plugin}_db.sqlite"
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            return database.execute(statement).fetchall()


class Servers:
    """PostgreSQL, Kafka and the SMTP sink of the test stack, found by the environment that `./dev stack up` writes.
    Every fleet has databases of its own, made here, and topics of its own, whose names begin with the fleet's: remove()
    takes both away when the hosts are gone."""

    name = "servers"

    def __init__(self, prefix: str):
        missing = [name for name in ("POSTGRESQL", "POSTGRESQL_PASSWORD", "KAFKA", "SMTP") if not os.environ.get(f"STOA_TEST_{name}")]
        if missing:
            raise FleetError(f"STOA_TEST_{missing[0]} is not set; run ./dev stack up and source build/stack/env")
        self.prefix, self.topics, self.databases = prefix, f"{prefix[:30]}-{secrets.token_hex(4)}", set()
        self.postgresql = urllib.parse.urlsplit(os.environ["STOA_TEST_POSTGRESQL"])

    def override(self, plugins) -> dict:
        """The configuration for these plugins; their databases are made anew, empty."""
        for plugin in plugins:
            self._psql("postgres", f'drop database if exists "{self._database(plugin)}" with (force)')
            self._psql("postgres", f'create database "{self._database(plugin)}"')
            self.databases.add(self._database(plugin))
        return {
            "events": f"kafka://{os.environ['STOA_TEST_KAFKA']}/{self.topics}",
            "mail": {"url": f"smtp://{os.environ['STOA_TEST_SMTP']}"},
            "plugins": {plugin: {"sql": self.url(plugin), "sql_password": "env:STOA_TEST_POSTGRESQL_PASSWORD"} for plugin in plugins},
        }

    def url(self, plugin) -> str:
        return f"postgresql://{self.postgresql.netloc}/{self._database(plugin)}"

    def remove(self, build):
        """A broker that keeps the topics of all fleets that ever were becomes slow for those that are."""
        for database in self.databases:
            self._psql("postgres", f'drop database if exists "{database}" with (force)')
        subprocess.run([build / "bin" / "remove_topics", os.environ["STOA_TEST_KAFKA"], f"{self.topics}."], check=True)

    def query(self, _fleet, plugin, statement) -> list:
        """Rows as tuples of text, None for NULL."""
        text = self._psql(self._database(plugin), statement, "--csv", "--pset=null=\\N")
        return [tuple(None if cell == "\\N" else cell for cell in row) for row in csv.reader(io.StringIO(text))]

    def _database(self, plugin) -> str:
        return f"{self.prefix}_{plugin}_db"

    def _psql(self, database, statement, *options):
        result = subprocess.run(
            ["psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", *options, f"postgresql://{self.postgresql.netloc}/{database}", "-c", statement],
            env={**os.environ, "PGPASSWORD": os.environ["STOA_TEST_POSTGRESQL_PASSWORD"]}, capture_output=True, text=True)
        if result.returncode:
            raise FleetError(f"PostgreSQL, database {database}: {result.stderr.strip()}\n  {statement}")
        return result.stdout
