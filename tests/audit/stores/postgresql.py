"""A service's database in PostgreSQL, read by psql: every row is a line of JSON, so that values keep their types."""

import json
import os
import subprocess
import urllib.parse

from .errors import CannotLook
from .rows import Row

MARK = "="  # begins no JSON object


class Postgresql:
    def __init__(self, url: str, password: str):
        self.url, self.password = url, password

    def read(self, queries: dict) -> dict:
        """Name → rows, all of one moment."""
        script = ["begin transaction isolation level repeatable read, read only;"]
        for name, statement in queries.items():
            script += [f"\\echo {MARK}{name}", f"select row_to_json(found) from ({statement}) found;"]
        found, rows = {}, None
        for line in self._psql("\n".join(script)).splitlines():
            if line.startswith(MARK):
                rows = found.setdefault(line[len(MARK):], [])
            else:
                rows.append(json.loads(line, object_hook=lambda columns: Row(**columns)))
        return found

    def _psql(self, script: str) -> str:
        try:
            done = subprocess.run(["psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-f", "-"], input=script, text=True,
                                  capture_output=True, env={**os.environ, "PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "10"})
        except FileNotFoundError as error:
            raise CannotLook("psql is not installed; run: apt-get install postgresql") from error
        if done.returncode:
            raise CannotLook(f"PostgreSQL, {urllib.parse.urlsplit(self.url).path[1:]}: {done.stderr.strip()}")
        return done.stdout
