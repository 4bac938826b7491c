"""Invariant 10."""

from collections import defaultdict

from .. import topics
from .check import Check


class Events(Check):
    number = 10
    name = "what was committed is on the topics, and nothing else"
    holds = ("Every event that a service committed lies in its outbox or on its topic, at least once; every event on a topic was "
             "committed. Without the copies of one id, versions rise per topic and key, and over all topics of a thing they are 1…n.")

    def run(self):
        self.ids, self.versions, self.newest = {}, defaultdict(dict), {}
        for record in self.look("events", self.evidence.events):
            self.take(record)
        waiting = defaultdict(set)
        for tables in self.evidence.services.values():
            for row in tables.outbox:
                waiting[topics.aggregate_of(row.topic), row.event_key].add(row.aggregate_version)
        committed = self.committed()
        for thing in self.look("keys", self.versions.keys() | committed.keys()):
            self.compare(thing, committed.get(thing, (0, 0)), waiting[thing])

    def take(self, record):
        known = self.ids.setdefault(record.id, record)
        if known is not record:
            if (known.topic, known.key, known.version) != (record.topic, record.key, record.version):
                self.found(f"its id also lies at {known.place}", event=record.id, place=record.place)
            return  # a copy: what the outbox published twice
        place = (record.topic, record.key)
        if self.newest.get(place, 0) >= record.version:
            self.found(f"version {record.version} follows version {self.newest[place]}", topic=record.topic, key=record.key, place=record.place)
        self.newest[place] = max(self.newest.get(place, 0), record.version)
        other = self.versions[topics.aggregate_of(record.topic), record.key].setdefault(record.version, record)
        if other is not record:
            self.found(f"version {record.version} was committed twice: {other.place} and {record.place}", topic=record.topic, key=record.key)

    def committed(self) -> dict:
        """(kind, key) → how many events its row has counted, before the topics were read and after."""
        shop, found = self.evidence, {}
        for kind, (service, table, key, count) in topics.AGGREGATES.items():
            before = {getattr(row, key): getattr(row, count) for row in getattr(shop.services[service], table)}
            after = {row.id: row.event_version for row in getattr(shop.again[service], table)}
            for name in before.keys() | after.keys():
                found[kind, name] = (before.get(name, 0), after.get(name, 0))
        for row in shop.again["auth"].credentials:  # whose first event is auth's
            before, after = found.get(("user", row.id), (0, 0))
            found["user", row.id] = (before, max(after, 1))
        return found

    def compare(self, thing, committed, waiting):
        before, after = committed
        published = self.versions.get(thing, {})
        kind, key = thing
        for version in sorted(version for version in published if version > after):
            record = published[version]
            self.found(f"version {version} ({record.place}) was never committed; {after} events were", **{kind: key}, topic=record.topic)
        if any(topics.aggregate_of(topic) == kind for topic in self.evidence.trimmed):
            return  # the log has forgotten its beginning
        missing = sorted(set(range(1, before + 1)) - published.keys() - waiting)
        if missing:
            self.found(f"{before} events were committed, these versions are on no topic: {missing}", **{kind: key})
