"""A row of a table, as both kinds of databases give it."""

from types import SimpleNamespace


class Row(SimpleNamespace):
    """Columns are attributes. Booleans of SQLite are 0 and 1; everything else has the same type in both."""
