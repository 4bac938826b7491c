"""The event log in one SQLite file that the hosts of a machine share. Its format is host/events/embedded/'s; what is
known of it here is written out once more, so that the auditor does not read with the eyes of what it audits."""

import sqlite3
import struct
from contextlib import closing

from .errors import CannotLook
from .record import Record

OFFSET_BITS = 40  # of a record's row id; the partition's id is above
LENGTH = struct.Struct("<I")

RECORDS = "select id, key, value, headers from records order by id"
PARTITIONS = "select p.id, t.name, p.number, p.first from partitions p join topics t on t.id = p.topic"


class EmbeddedLog:
    def __init__(self, file):
        self.file = file

    def read(self) -> tuple:
        """All records, of one moment, and the topics whose first records have been dropped since."""
        if not self.file.exists():
            raise CannotLook(f"{self.file} is not there; has the shop ever been started?")
        try:
            with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, isolation_level=None)) as connection:
                connection.execute("begin")
                partitions = {number: (topic, partition, first) for number, topic, partition, first in connection.execute(PARTITIONS)}
                records = [record_of(row, partitions) for row in connection.execute(RECORDS)]
        except sqlite3.Error as error:
            raise CannotLook(f"{self.file}: {error}") from error
        return records, {topic for topic, _, first in partitions.values() if first > 0}


def record_of(row, partitions) -> Record:
    place, key, value, headers = row
    topic, partition, _ = partitions[place >> OFFSET_BITS]
    return Record(topic, partition, place & (1 << OFFSET_BITS) - 1, key, value, headers_of(headers))


def headers_of(packed: bytes) -> dict:
    """Name and value in turn, each behind its length."""
    texts, at = [], 0
    while at < len(packed):
        (length,) = LENGTH.unpack_from(packed, at)
        at += LENGTH.size
        texts.append(packed[at:at + length].decode(errors="replace"))
        at += length
    return dict(zip(texts[::2], texts[1::2]))
