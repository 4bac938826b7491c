"""What a PostgreSQL server has been asked for, counted by the server itself, and pgbench on the same server."""

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

# The rows that every table of a database has gained, changed and lost since it was made.
ROWS = "select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables"
COMMITS = "select xact_commit from pg_stat_database where datname = current_database()"
# Each transaction that writes takes one number, and no other does; counted over the whole server.
WRITES = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
WAL = "select pg_current_wal_lsn() - '0/0'"


@dataclass
class Count:
    """Of everything from the making of the databases on, or between two such counts."""
    commits: float
    writes: float      # of the commits
    wal_bytes: float
    rows: dict = field(default_factory=dict)  # (database, table) → (inserted, updated, deleted)

    def since(self, before: "Count", orders: int) -> "Count":
        """What one of so many orders cost."""
        rows = {table: tuple((now - then) / orders for now, then in zip(counts, before.rows.get(table, (0, 0, 0))))
                for table, counts in self.rows.items()}
        return Count((self.commits - before.commits) / orders, (self.writes - before.writes) / orders,
                     (self.wal_bytes - before.wal_bytes) / orders, {table: counts for table, counts in rows.items() if sum(counts) > 0.01})

    def totals(self) -> tuple:
        """Rows inserted, updated, deleted."""
        return tuple(sum(counts[kind] for counts in self.rows.values()) for kind in range(3))


def count(store, plugins) -> Count:
    """Of the databases that these plugins have in a stores.Servers; writes and log of the whole server."""
    def number(plugin, statement):
        return float(store.query(None, plugin, statement)[0][0])
    rows = {(plugin, table): tuple(map(int, counts)) for plugin in plugins for table, *counts in store.query(None, plugin, ROWS)}
    return Count(sum(number(plugin, COMMITS) for plugin in plugins), number(plugins[0], WRITES), number(plugins[0], WAL), rows)


CLIENTS, KEPT = 64, 1000  # at most, and rows of each that are there to be updated: nobody waits for another's row
UPDATE = f"\\set kept :client_id * {KEPT} + random(1, {KEPT})\nUPDATE kept SET version = version + 1 WHERE id = :kept;"
# The oldest of what a client has added goes again.
INSERT = "\\set added :added + 1\n\\set row :client_id * 1000000000 + :added\nINSERT INTO added (id, owner, text) VALUES (:row, :added, repeat('x', 250));"
DELETE = "\\set gone :gone + 1\n\\set row :client_id * 1000000000 + :gone\nDELETE FROM added WHERE id = :row;"


class Pgbench:
    """Transactions of the same number and with as many rows as something else needs, with nothing but pgbench before them."""

    NAME = "pgbench"  # of its database, as if it were a plugin's

    def __init__(self, store, folder: Path):
        self.store, self.folder = store, folder
        store.override([self.NAME])

    def script(self, cost: Count) -> str:
        """One order: its transactions that write, with their share of the rows. What is only read is left out: how much of
        that PostgreSQL counts depends on whether a look at a table ends with COMMIT or ROLLBACK."""
        shares = [spread(total, round(cost.writes)) for total in cost.totals()]
        lines = []
        for inserted, updated, deleted in zip(*shares):
            lines += ["BEGIN;", *[INSERT] * inserted, *[UPDATE] * updated, *[DELETE] * deleted, "COMMIT;"]
        return "\n".join(lines) + "\n"

    def per_second(self, cost: Count, clients: int, seconds: int) -> float:
        """How often a second all of that was done by so many clients at once."""
        self._run(f"""
            drop table if exists kept, added;
            create table kept (id bigint primary key, version bigint not null, text text not null);
            create table added (id bigint primary key, owner bigint not null, text text not null);
            create index added_owner on added (owner);
            insert into kept select number, 0, repeat('x', 250) from generate_series(1, {CLIENTS * KEPT}) as number;""")
        self._run("vacuum analyze")
        self._run("checkpoint")
        file = self.folder / "order.pgbench"
        file.write_text(self.script(cost))
        done = subprocess.run(["pgbench", "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", f"--time={seconds}",
                               "--define=added=0", "--define=gone=0", f"--file={file}", self.store.url(self.NAME)],
                              env={**os.environ, "PGPASSWORD": os.environ["STOA_TEST_POSTGRESQL_PASSWORD"]}, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"pgbench: {done.stderr[-2000:]}")
        return float(re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)[1])

    def _run(self, statements):
        self.store.query(None, self.NAME, statements)


def spread(total: float, parts: int) -> list:
    """The rounded total in as many whole parts as alike as they can be."""
    total = round(total)
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]
