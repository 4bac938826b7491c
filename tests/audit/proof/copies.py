"""A copy of a shop's stores, to be damaged."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

OUTSIDE = ("sandbox_psp", "sandbox_carrier")


class Copy:
    def __init__(self, original: Path, folder: Path):
        shutil.copytree(original, folder)
        self.run = folder
        for file in folder.glob("*/host.yaml"):
            file.write_text(file.read_text().replace(str(original), str(folder)))

    def change(self, store: str, statement: str):
        """Runs SQL in a service's database, or in the "events". What the database itself would refuse is let through."""
        host = "sandbox" if store in OUTSIDE else "shop"
        file = self.run / "events.db" if store == "events" else self.run / host / "state" / f"{store}_db.sqlite"
        with closing(sqlite3.connect(file)) as database:
            database.execute("pragma ignore_check_constraints = on")
            # SQLite's own functions end at a NUL, and headers are full of them.
            database.create_function("replaced", 3, lambda blob, old, new: blob.replace(old.encode(), new.encode()))
            database.create_function("holds", 2, lambda blob, text: text.encode() in blob)
            before = database.total_changes
            database.executescript(statement)
            if "create " not in statement and database.total_changes == before:
                raise AssertionError(f"this changed nothing in {store}: {statement}")

    def bury(self, event: str, service: str):
        """Makes a dead letter of the service out of an event, which it then never dealt with."""
        headers = {"dlq_service": service, "dlq_event_id": event, "dlq_topic": "order.created", "dlq_reason": "no"}
        packed = b"".join(len(text).to_bytes(4, "little") + text.encode() for pair in headers.items() for text in pair)
        self.change("events", f"""
            insert into records select partitions.id << 40, time_us, key, value, cast(headers || x'{packed.hex()}' as blob)
            from records, partitions join topics on topics.id = topic
            where holds(headers, '{event}') and topics.name = 'order.created.dlq.{service}' limit 1""")
        self.change(service, f"delete from stoa_inbox where event_id = '{event}'")

    @property
    def mails(self) -> Path:
        return self.run / "mails.jsonl"
