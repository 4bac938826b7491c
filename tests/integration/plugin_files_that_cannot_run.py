"""A plugin file that cannot run is named with the reason, and the host ends with code 70; or the rest stays up."""

import unittest

from support import plugin_files, surroundings
from support.one_host import OneHost

EXIT_PLUGIN = 70


class PluginFilesThatCannotRun(unittest.TestCase):
    def setUp(self):
        self.host = OneHost(self._testMethodName)

    def file(self, name, text=None):
        found = self.host.folder / name
        if text is not None:
            found.write_text(text)
        return found

    def changed(self, change):
        return plugin_files.changed(surroundings.plugin("poison"), self.file("poison.so"), change)

    def assert_refused(self, file, *reasons):
        """Exit code 70, and standard error names the file and the reasons."""
        with self.host:
            code, said = self.host.fails(f"--plugin={file}")
        self.assertEqual(code, EXIT_PLUGIN, self.host.log)
        for reason in (file.name, *reasons):
            self.assertIn(reason, said)

    def bad(self, name):
        return surroundings.build / "tests" / "contract" / "bad_plugins" / f"{name}.so"

    def test_one_that_is_not_there(self):
        self.assert_refused(self.file("nowhere.so"), "there is no file")

    def test_a_text_file(self):
        self.assert_refused(self.file("text.so", "not a library\n"), "ELF")

    def test_an_empty_file(self):
        self.assert_refused(self.file("empty.so", ""), "ELF")

    def test_a_file_cut_short(self):
        whole = surroundings.plugin("poison").read_bytes()
        short = self.file("short.so")
        short.write_bytes(whole[:len(whole) // 2])
        self.assert_refused(short)

    def test_one_without_a_manifest(self):
        self.assert_refused(self.bad("no_manifest"), ".stoa.manifest")

    def test_one_without_an_entry(self):
        self.assert_refused(self.bad("no_entry"), "stoa_plugin_entry")

    def test_one_that_names_another_abi(self):
        self.assert_refused(self.changed(lambda manifest: manifest.update(abi={"major": 9, "minor": 0})), "ABI 9")

    def test_one_that_needs_a_newer_abi(self):
        self.assert_refused(self.changed(lambda manifest: manifest.update(abi={"major": 1, "minor": 9})), "ABI 1.9")

    def test_one_that_needs_what_this_host_lacks(self):
        self.assert_refused(self.changed(lambda manifest: manifest["capabilities"].__setitem__(-1, "stoa.soup/1")), "stoa.soup/1")

    def test_one_whose_entry_declines(self):
        self.assert_refused(self.bad("good"))

    def test_one_whose_create_fails(self):
        self.host.change({"plugins": {"poison": {"settings": {"create": "fails"}}}})
        self.assert_refused(surroundings.plugin("poison"), "create failed", "the settings say that this fails")

    def test_one_whose_create_throws(self):
        self.host.change({"plugins": {"poison": {"settings": {"create": "throws"}}}})
        self.assert_refused(surroundings.plugin("poison"), "create failed", "exception")

    def test_settings_that_do_not_fit_its_schema(self):
        self.host.change({"plugins": {"poison": {"settings": {"create": "sometimes"}}}})
        with self.host:
            code, said = self.host.fails(f"--plugin={surroundings.plugin('poison')}")
        self.assertIn(code, (EXIT_PLUGIN, 78))
        self.assertIn("create", said)

    def test_the_rest_stays_up_when_told_so(self):
        self.host.change({"plugins_required": False, "plugins": {"poison": {"file": str(surroundings.plugin("poison"))}}})
        text = self.file("text.so", "not a library\n")
        with self.host.start(f"--plugin={text}", f"--plugin={self.file('nowhere.so')}"):
            self.host.wait_until_ready()
            self.assertEqual(self.host.get("/api/v1/drops"), {"items": []})
            self.assertEqual(self.host.stop(), 0)
        for name in ("text.so", "nowhere.so"):
            self.assertIn(name, self.host.log)

    def test_the_rest_stays_up_when_one_cannot_be_created(self):
        for create in ("fails", "throws"):
            self.host.change({"plugins_required": False, "plugins": {"poison": {"settings": {"create": create}}}})
            with self.host.start(f"--plugin={surroundings.plugin('poison')}", f"--plugin={surroundings.plugin('user')}"):
                self.host.wait_until_ready()
                self.assertEqual(self.host.stop(), 0)
            self.assertIn("poison 1.0.0: create failed", self.host.log)
