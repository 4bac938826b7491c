"""A service's database in an SQLite file."""

import sqlite3
from contextlib import closing

from .errors import CannotLook
from .rows import Row


class Sqlite:
    def __init__(self, file):
        self.file = file

    def read(self, queries: dict) -> dict:
        """Name → rows, all of one moment."""
        if not self.file.exists():
            raise CannotLook(f"{self.file} is not there; has the shop ever been started?")
        try:
            with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, isolation_level=None)) as connection:
                connection.execute("begin")
                return {name: rows_of(connection.execute(statement)) for name, statement in queries.items()}
        except sqlite3.Error as error:
            raise CannotLook(f"{self.file}: {error}") from error


def rows_of(cursor) -> list:
    columns = [column[0] for column in cursor.description]
    return [Row(**dict(zip(columns, values))) for values in cursor]
