"""The auditor knows the same topics, publishers and subscribers as the manifests. Run: contract_test.py"""

import json
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from audit import schema, topics
from audit.stores import places


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.manifests = [json.loads(file.read_text()) for file in (ROOT / "plugins").glob("*/manifest.json")]

    def test_topics_and_subscribers(self):
        published, subscribed = set(), {}
        for manifest in self.manifests:
            published |= {topic["topic"] for topic in manifest.get("publishes", [])}
            for topic in manifest.get("subscribes", []):
                subscribed.setdefault(topic["topic"], set()).add(manifest["name"])
        self.assertEqual(topics.SUBSCRIBERS.keys(), published)
        self.assertEqual({topic: set(services) for topic, services in topics.SUBSCRIBERS.items() if services}, subscribed)

    def test_everything_that_a_topic_is_about_has_a_row_that_counts_its_events(self):
        for topic in topics.SUBSCRIBERS:
            service, table, key, count = topics.AGGREGATES[topics.aggregate_of(topic)]
            columns = schema.QUERIES[service][table].partition(" from ")[0]
            self.assertTrue({key, count} <= set(columns.replace(",", " ").split()), topic)

    def test_every_service_with_a_store_is_looked_at(self):
        stored = {manifest["name"] for manifest in self.manifests if (ROOT / "plugins" / manifest["name"] / "migrations").exists()}
        self.assertEqual(set(schema.QUERIES), stored)
        self.assertEqual(set(places.SERVICES + places.OUTSIDE), stored)


if __name__ == "__main__":
    unittest.main()
