"""Each check of the auditor finds what it is for, and nothing else: a small shop trades, defects are planted into copies
of its stores, one at a time. Run: planted_test.py --build DIR"""

import argparse
import shutil
import sys
import tempfile
import threading
import unittest
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from audit.auditor import examine, settle
from audit.evidence import gather
from audit.invariants import ALL, LATER
from audit.proof.copies import Copy
from audit.proof.defects import DEFECTS
from audit.proof.small_shop import SmallShop
from audit.stores.errors import CannotLook

build = ROOT / "build" / "release"


class PlantedDefects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="stoa-audit-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.original = cls.folder / "shop"
        with SmallShop(cls.original, build) as small, Looking(cls.original) as looking:
            cls.orders = small.trade()
            cls.settled = settle(cls.original, seconds=60)
        cls.looks, cls.products = looking, {"bread": small.bread[0], "milk": small.milk[0]}
        cls.ids = cls.orders | cls.products | cls.belongings()

    @classmethod
    def belongings(cls):
        shop = gather(cls.original)
        found = {}
        for kind, order in cls.orders.items():
            found[f"{kind}_payment"] = shop.payments_of[order][0].payment_id
            found[f"{kind}_shipment"] = next(row.shipment_id for row in shop.shipping.shipments if row.order_id == order)
        # Its cancellation was published more than once: two records of one key on one topic.
        again = [record.id for record in shop.events if record.topic == "order.cancelled" and record.key == cls.orders["voided"]]
        found |= {"first": again[0], "second": again[1]}
        found["other_event"] = str(uuid.uuid4())  # of the same length
        found["bread_event"] = next(record.id for record in shop.events if record.key == cls.products["bread"])
        return found

    def copy(self) -> Copy:
        folder = Path(tempfile.mkdtemp(dir=self.folder)) / "copy"
        self.addCleanup(shutil.rmtree, folder.parent)
        return Copy(self.original, folder)

    def assert_only(self, number, run, **how):
        report = examine(run, at_rest=True, **how)
        self.assertEqual({found for found, _ in report.findings}, {number}, "\n".join(report.lines()))
        for _, finding in report.findings:
            self.assertTrue(finding.about, f"the finding names nothing: {finding}")

    def test_a_shop_that_is_right_has_no_findings(self):
        self.assertEqual(self.settled.lines(), [])
        self.assertEqual(examine(self.copy().run, at_rest=True).lines(), [])

    def test_a_shop_that_works_raises_no_alarm(self):
        self.assertGreater(self.looks.count, 3)
        self.assertEqual(self.looks.findings, [])

    def test_every_check_looks_at_something(self):
        report = examine(self.original)
        for check in report.checks:
            self.assertTrue(check.looked and all(check.looked.values()), f"invariant {check.number} looked at {dict(check.looked)}")

    def test_each_defect_is_named_by_its_invariant_alone(self):
        for number, what, changes in DEFECTS:
            with self.subTest(invariant=number, defect=what):
                copy = self.copy()
                for store, statement in changes.items():
                    copy.change(store, statement.format(**self.ids))
                self.assert_only(number, copy.run)

    def test_mails_that_are_missing_doubled_or_strange_are_named(self):
        for what, damage in {"missing": lambda lines: lines[1:], "doubled": lambda lines: lines + lines[:1],
                             "strange": lambda lines: lines + ['{"message_id":"strange","to":"ada@example.com"}\n']}.items():
            with self.subTest(mail=what):
                copy = self.copy()
                copy.mails.write_text("".join(damage(copy.mails.read_text().splitlines(keepends=True))))
                self.assert_only(13, copy.run)

    def test_an_order_that_a_customer_remembers_and_the_shop_does_not_is_named(self):
        self.assert_only(7, self.original, acknowledged=[*self.orders.values(), "lost"])

    def test_a_dead_letter_breaks_no_invariant_and_is_shown(self):
        copy = self.copy()
        event = next(record.id for record in gather(copy.run).events if record.topic == "order.created")
        copy.bury(event, "payment")
        report = examine(copy.run, at_rest=True)
        self.assertEqual(report.findings, [])
        self.assertEqual(len(report.dead_letters), 1)
        self.assertIn("payment gave up order.created of", report.lines()[0])
        self.assertIn("payment gave up order.created of", report.text())

    def test_every_invariant_has_a_check_with_a_defect_or_a_reason(self):
        self.assertEqual(sorted({check.number for check in ALL} | LATER.keys()), list(range(1, 16)))
        self.assertEqual({check.number for check in ALL}, {number for number, _, _ in DEFECTS})

    def test_a_store_that_is_not_there_is_no_finding(self):
        copy = self.copy()
        (copy.run / "shop" / "state" / "payment_db.sqlite").unlink()
        with self.assertRaisesRegex(CannotLook, "payment_db.sqlite is not there"):
            examine(copy.run)


class Looking:
    """Examines the shop again and again while it works."""

    def __init__(self, run):
        self.run, self.count, self.findings, self.done = run, 0, [], threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.done.is_set():
            self.findings += examine(self.run).lines()
            self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--build", type=Path, default=build)
    options, rest = parser.parse_known_args()
    build = options.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
