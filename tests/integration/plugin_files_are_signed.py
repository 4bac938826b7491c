"""security.plugin_keys: a host takes plugin files that one of these keys has signed, and no others; what runs is left alone."""

import json
import shutil
import subprocess
import unittest

from support import plugin_files, surroundings
from support.one_host import OneHost

EXIT_PLUGIN = 70
PATH = "/api/v1/newcomer"


def stoactl(*words, code=0):
    """What stoactl prints, or what it says of a failure."""
    done = subprocess.run([surroundings.stoactl_program(), "--json", *map(str, words)], capture_output=True, text=True)
    if done.returncode != code:
        raise AssertionError(f"stoactl {words}: {done.returncode}, {done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    return answer if code == 0 else answer["error"]["message"]


class PluginFilesAreSigned(unittest.TestCase):
    def setUp(self):
        self.host = OneHost(self._testMethodName)
        self.keys = self.host.folder / "keys"
        self.keys.mkdir()
        self.key = self.host.folder / "release"
        self.key_id = self.make_key(self.key)
        self.host.change({"security": {"plugin_keys": str(self.keys)}})
        self.file = self.host.folder / "newcomer.so"
        shutil.copyfile(surroundings.plugin("newcomer"), self.file)
        self.newer = plugin_files.rename_version(self.file, self.host.folder / "newer.so", "1.0.0", "1.0.1")

    def make_key(self, path):
        made = stoactl("keygen", path)
        shutil.copyfile(made["public"], self.keys / f"{path.name}.pub")
        return made["key"]

    def validated(self, file, code=0):
        """What stoa-validate says of a file."""
        program = surroundings.build / "abi" / "validate" / "stoa-validate"
        done = subprocess.run([program, "--json", file], capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout)
        return json.loads(done.stdout)

    def test_the_validator_names_the_signer(self):
        self.assertIsNone(self.validated(self.file)["signedBy"])
        self.sign(self.file)
        self.assertEqual(self.validated(self.file)["signedBy"], self.key_id)
        shutil.copyfile(f"{self.file}.sig", f"{self.newer}.sig")
        of_another = self.validated(self.newer, code=1)
        self.assertEqual((of_another["signedBy"], [one["rule"] for one in of_another["findings"]]), (None, ["signature"]))

    def sign(self, file, key=None):
        self.assertEqual(stoactl("sign", "--key", key or self.key, file)["name"], "newcomer")

    def running(self):
        return self.host.start(f"--plugin={self.file}").wait_until_ready()

    def at_host(self, *words, code=0):
        return stoactl(f"--socket={self.host.folder / 'state' / 'control.sock'}", *words, code=code)

    def assert_serves(self, version):
        self.assertEqual([row["version"] for row in self.at_host("plugins") if row["state"] == "active"], [version])
        self.assertEqual(self.host.get(PATH), {"items": []})

    def assert_refused(self, *reasons):
        """The upgrade is refused for these reasons, and the old version serves on."""
        said = self.at_host("upgrade", self.newer, code=1)
        for reason in reasons:
            self.assertIn(reason, said)
        self.assert_serves("1.0.0")

    def test_a_signed_upgrade_is_taken_and_every_other_leaves_what_runs(self):
        self.sign(self.file)
        with self.running():
            self.assert_refused("newer.so has no signature", "stoactl sign")
            shutil.copyfile(f"{self.file}.sig", f"{self.newer}.sig")
            self.assert_refused("newer.so.sig speaks of a file", "signature of another one")
            stranger = self.host.folder / "stranger"
            stoactl("keygen", stranger)
            self.sign(self.newer, stranger)
            self.assert_refused("which this host does not trust", self.key_id)
            self.sign(self.newer)
            self.assertEqual(self.at_host("upgrade", self.newer)["outcome"], "active")
            self.assert_serves("1.0.1")
            self.assertEqual(self.host.stop(), 0)
        with self.running():  # the recorded version comes from the store, with the signature that was kept there
            self.assert_serves("1.0.1")
            self.assertEqual(self.host.stop(), 0)

    def test_a_key_taken_away_counts_without_a_restart(self):
        self.sign(self.file)
        with self.running():
            second = self.host.folder / "second"
            self.make_key(second)
            self.sign(self.newer, second)
            (self.keys / "second.pub").unlink()
            self.assert_refused("which this host does not trust")
            self.make_key(self.host.folder / "third")
            self.sign(self.newer, self.host.folder / "third")
            self.assertEqual(self.at_host("upgrade", self.newer)["version"], "1.0.1")
            self.assertEqual(self.host.stop(), 0)

    def test_a_host_with_keys_does_not_start_an_unsigned_file_unless_told_so(self):
        with self.host:
            code, said = self.host.fails(f"--plugin={self.file}")
        self.assertEqual(code, EXIT_PLUGIN, self.host.log)
        self.assertIn("has no signature", said)
        self.host.change({"security": {"unsigned_plugins": "allow"}})
        with self.running():
            self.assert_serves("1.0.0")
            self.assertEqual(self.host.stop(), 0)
        self.assertIn("unsigned plugins are taken", self.host.log)

    def test_a_host_without_keys_says_that_it_checks_nothing(self):
        self.host.change({"security": {"plugin_keys": ""}})
        with self.running():
            self.assert_serves("1.0.0")
            self.assertEqual(self.host.stop(), 0)
        self.assertEqual(self.host.log.count("plugin files are not checked"), 1)
