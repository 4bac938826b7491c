"""The comparison of the replay notices what is wrong. Run: python3 tests/replay/compare_test.py"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import compare

EXPECTED = {"revenue": 700, "prices": {"11": 200, "12": 300}, "quantities": {"11": 2, "12": 1}, "households": {"h1": 700}, "orders": {"b1": 700}}
RESULT = {"products": {"11": "P1", "12": "P2"}, "orders": {"b1": "O1"}, "households": {"h1": "U1"}}


def shop(**changes):
    """A shop's answers as SQLite or PostgreSQL give them: numbers, or text."""
    tables = {compare.ORDERS: [("O1", "U1", "COMPLETED", "DELIVERED", 700, "EUR")],
              compare.LINES: [("O1", "P1", 2, "200"), ("O1", "P2", "1", 300)],
              compare.PRICES: [("P1", 200), ("P2", "300")], compare.STOCK: [("P1", 3, 0), ("P2", "3", "0")],
              compare.PAYMENTS: [("O1", "700")]}
    tables.update({getattr(compare, name): rows for name, rows in changes.items()})
    return compare.differences(EXPECTED, RESULT, lambda _plugin, statement: tables[statement], 3)


class Comparison(unittest.TestCase):
    def test_a_shop_that_is_right_differs_nowhere(self):
        self.assertEqual(shop(), [])

    def test_each_cent_and_each_piece_is_noticed(self):
        self.assertIn("captured for basket b1: expected 700, found 699", shop(PAYMENTS=[("O1", 699)]))
        self.assertIn("quantity of product 11: expected 2, found 1", shop(LINES=[("O1", "P1", 1, 400), ("O1", "P2", 1, 300)]))
        self.assertIn("total of household h1: expected 700, found None", shop(ORDERS=[]))
        self.assertEqual(shop(PRICES=[("P1", 201), ("P2", 300)]), ["price of product 11: expected 200, found 201"])
        self.assertEqual(len(shop(STOCK=[("P1", 4, 0), ("P2", 3, 1)])), 2)
        self.assertEqual(len(shop(STOCK=[("P1", 3, 0)])), 1)

    def test_an_order_that_stopped_halfway_or_came_twice_is_noticed(self):
        order = ("O1", "U1", "COMPLETED", "SHIPPED", 700, "EUR")
        self.assertEqual(len(shop(ORDERS=[order])), 1)
        twice = [("O1", "U1", "COMPLETED", "DELIVERED", 700, "EUR"), ("O2", "U1", "COMPLETED", "DELIVERED", 700, "EUR")]
        self.assertIn("total of basket O2: expected None, found 700", shop(ORDERS=twice))


if __name__ == "__main__":
    unittest.main()
