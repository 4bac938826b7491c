"""The runner of pages notices what a page shows and the commands do not print. Run: python3 tests/docs/run_page_test.py"""

import os
import tempfile
import unittest
from pathlib import Path

import run_page


class Pages(unittest.TestCase):
    def outcome(self, text):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text(text, encoding="utf-8")
            return run_page.run(page, Path(folder), dict(os.environ), {"8081": "2"})

    def test_blocks_share_a_shell_and_ports_are_replaced(self):
        self.assertIsNone(self.outcome("```sh\na=127.0.0.1:8081\n```\n\ntext\n\n```sh\necho $a\n```\n```text\n127.0.0.1:2\n```\n"))

    def test_a_failing_command_is_noticed(self):
        self.assertIn(":2: a command failed", self.outcome("```sh\nfalse\necho on\n```\n"))

    def test_a_missing_line_is_noticed(self):
        self.assertIn("\n  two", self.outcome("```sh\necho one\n```\n```text\none\ntwo\n```\n"))

    def test_lines_come_in_the_order_shown(self):
        self.assertEqual(run_page.first_missing(["two", "one"], "one\ntwo\n"), "one")

    def test_dots_stand_for_anything_in_a_line(self):
        self.assertIsNone(run_page.first_missing(["a … c", "…d"], "a b c\n  cd\n"))
        self.assertEqual(run_page.first_missing(["a … c"], "a b\nc\n"), "a … c")

    def test_a_page_without_blocks_is_refused(self):
        with self.assertRaises(SystemExit):
            self.outcome("nothing\n")


if __name__ == "__main__":
    unittest.main()
