"""host --watch: a plugin file that is rebuilt is swapped in; one that is refused leaves what runs."""

import json
import os
import shutil
import subprocess
import time
import unittest

from support import plugin_files, surroundings
from support.one_host import OneHost
from waiting import wait_until

PATH = "/api/v1/newcomer"


class PluginFilesAreWatched(unittest.TestCase):
    def setUp(self):
        self.host = OneHost(self._testMethodName)
        self.file = self.host.folder / "plugins" / "newcomer.so"
        self.file.parent.mkdir()
        shutil.copyfile(surroundings.plugin("newcomer"), self.file)
        self.newer = plugin_files.rename_version(self.file, self.host.folder / "newer.so", "1.0.0", "1.0.1")

    def served(self):
        """Version and generation of what serves."""
        socket = self.host.folder / "state" / "control.sock"
        done = subprocess.run([surroundings.stoactl_program(), f"--socket={socket}", "--json", "plugins"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        active = [row for row in json.loads(done.stdout) if row["state"] == "active"]
        return (active[0]["version"], active[0]["generation"]) if active else (None, 0)

    def wait_for(self, version):
        began = time.monotonic()
        wait_until(lambda: self.served()[0] == version, 30, f"{version} serves; the log: {self.host.log}")
        self.assertEqual(self.host.get(PATH), {"items": []})
        return time.monotonic() - began

    def refused(self):
        return self.host.log.count("a rebuilt plugin was refused")

    def running(self):
        return self.host.start("--watch", f"--plugin={self.file}").wait_until_ready()

    def test_one_written_in_place_is_swapped_in(self):
        with self.running():
            self.file.write_bytes(self.newer.read_bytes())
            print(f"from the saved file to the answer of the new version: {self.wait_for('1.0.1') * 1000:.0f} ms", flush=True)
            self.assertEqual(self.host.stop(), 0)
        self.assertIn("a rebuilt plugin was swapped in", self.host.log)

    def test_one_moved_there_is_swapped_in(self):
        with self.running():
            os.replace(self.newer, self.file)
            self.wait_for("1.0.1")
            self.assertEqual(self.host.stop(), 0)

    def test_one_of_a_folder_that_was_emptied_and_made_again_is_swapped_in(self):
        with self.running():
            shutil.rmtree(self.file.parent)
            self.file.parent.mkdir()
            shutil.copyfile(self.newer, self.file)
            self.wait_for("1.0.1")
            self.assertEqual(self.host.stop(), 0)

    def test_a_refused_one_is_logged_and_the_old_one_serves_on(self):
        with self.running():
            before = self.served()
            self.file.write_text("not a library\n")
            wait_until(lambda: self.refused() == 1, 30, "the refusal is logged")
            self.assertIn("ELF", self.host.log)
            self.assertEqual(self.served(), before)
            self.assertEqual(self.host.get(PATH), {"items": []})
            shutil.copyfile(self.newer, self.file)
            self.wait_for("1.0.1")
            self.assertEqual(self.refused(), 1)
            self.assertEqual(self.host.stop(), 0)
