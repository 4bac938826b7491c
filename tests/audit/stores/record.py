"""An event as it lies on a topic: CloudEvents 1.0 in the headers, the payload as the value."""

import json
from datetime import datetime, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Record:
    __slots__ = ("topic", "partition", "offset", "key", "value", "headers")

    def __init__(self, topic, partition, offset, key, value, headers):
        self.topic, self.partition, self.offset = topic, partition, offset
        self.key, self.value, self.headers = key.decode(errors="replace"), value, headers

    @property
    def id(self) -> str:
        return self.headers.get("ce_id", "")

    @property
    def version(self) -> int:
        return int(self.headers.get("ce_aggregateversion", 0))

    @property
    def time_us(self) -> int:
        """When it was committed."""
        text = self.headers.get("ce_time")
        return (datetime.fromisoformat(text) - EPOCH) // (datetime.resolution) if text else 0

    @property
    def data(self) -> dict:
        return json.loads(self.value)

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"
