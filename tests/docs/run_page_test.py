"""The runner of pages notices what a page shows and the commands do not print. Run: python3 tests/docs/run_page_test.py"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import run_page


def runs(process):
    """Whether the process of this folder in /proc is there, and no zombie."""
    try:
        return "State:\tZ" not in (process / "status").read_text()
    except OSError:
        return False


class Pages(unittest.TestCase):
    def outcome(self, text):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text(text, encoding="utf-8")
            return run_page.run(page, Path(folder), dict(os.environ), {"8081": "2"})

    def test_blocks_share_a_shell_and_ports_are_replaced(self):
        self.assertIsNone(self.outcome("```sh\na=127.0.0.1:8081\n```\n\ntext\n\n```sh\necho $a\n```\n```text\n127.0.0.1:2\n```\n"))

    def test_what_a_page_started_ends_with_the_runner(self):
        with tempfile.TemporaryDirectory() as folder:
            page, pid = Path(folder) / "page.md", Path(folder) / "pid"
            page.write_text(f"```sh\nsleep 3600 &\necho $! > {pid}.new; mv {pid}.new {pid}\nwait\n```\n", encoding="utf-8")
            for ending in (signal.SIGTERM, signal.SIGKILL):
                pid.unlink(missing_ok=True)
                runner = subprocess.Popen([sys.executable, "-B", run_page.__file__, page], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": folder})
                self.wait_until(pid.exists)
                started = Path("/proc") / pid.read_text().strip()
                self.assertTrue(runs(started))
                runner.send_signal(ending)
                runner.wait()
                self.wait_until(lambda: not runs(started))

    def wait_until(self, condition):
        end = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

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
