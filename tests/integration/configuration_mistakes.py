"""A mistake in the configuration is named, with the nearest right key, before anything starts."""

import subprocess
import unittest

from support import surroundings
from support.one_host import OneHost

EXIT_CONFIG = 78


class ConfigurationMistakes(unittest.TestCase):
    def setUp(self):
        self.host = OneHost(self._testMethodName, {"plugins": {"poison": {"file": str(surroundings.plugin("poison"))}}})

    def assert_refused(self, change, *reasons):
        self.host.change(change)
        with self.host:
            code, said = self.host.fails()
        self.assertEqual(code, EXIT_CONFIG, self.host.log)
        for reason in reasons:
            self.assertIn(reason, said)

    def test_an_unknown_key_names_the_nearest(self):
        self.assert_refused({"http": {"treads": 2}}, "http.treads", "http.threads", "host.yaml")

    def test_an_unknown_key_of_a_plugin_names_the_nearest(self):
        self.assert_refused({"plugins": {"poison": {"worker": 2}}}, "plugins.poison.worker", "workers")

    def test_a_wrong_type(self):
        self.assert_refused({"http": {"threads": "many"}}, "http.threads", "many")
        self.assert_refused({"http": {"threads": 2}, "drain": "soon"}, "drain")

    def test_a_value_out_of_range(self):
        self.assert_refused({"http": {"threads": 0}}, "http.threads")

    def test_several_mistakes_are_told_at_once(self):
        self.assert_refused({"http": {"treads": 2}, "log": {"level": "loud"}}, "http.treads", "log.level")

    def test_a_file_that_is_no_yaml(self):
        (self.host.folder / "host.yaml").write_text("http: [unclosed\n")
        with self.host:
            code, said = self.host.fails()
        self.assertEqual(code, EXIT_CONFIG, self.host.log)
        self.assertIn("host.yaml", said)

    def test_a_file_that_is_not_there(self):
        done = subprocess.run([surroundings.host_program(), "--config=nowhere.yaml"], cwd=self.host.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, EXIT_CONFIG, done.stderr)
        self.assertIn("nowhere.yaml", done.stderr)

    def test_an_unknown_flag(self):
        done = subprocess.run([surroundings.host_program(), "--plugins=x.so"], cwd=self.host.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn("plugins", done.stderr)

    def test_a_database_nobody_knows(self):
        self.assert_refused({"plugins": {"poison": {"sql": "oracle://db"}}}, "plugins.poison.sql", "oracle")

    def test_an_event_log_nobody_knows(self):
        self.assert_refused({"events": "rabbit://mq"}, "rabbit")

    def test_a_port_that_is_taken(self):
        other = OneHost(self._testMethodName + "_other", {"plugins": {"poison": {"file": str(surroundings.plugin("poison"))}}})
        with other.start():
            other.wait_until_ready()
            self.host.change({"http": {"ops": f"127.0.0.1:{other.ops}"}})
            with self.host:
                code, said = self.host.fails()
            self.assertEqual(other.stop(), 0)
        self.assertEqual(code, 69, self.host.log)
        self.assertIn(str(other.ops), said)

    def test_a_state_directory_in_use(self):
        with self.host.start():
            self.host.wait_until_ready()
            other = OneHost(self._testMethodName + "_other", {**self.host.config})
            other.change({"http": {"edge": "127.0.0.1:0", "internal": "127.0.0.1:0", "ops": "127.0.0.1:0"}})
            with other:
                code, said = other.fails()
            self.assertEqual(self.host.stop(), 0)
        self.assertEqual(code, 69, other.log)
        self.assertIn("state", said)

    def test_explain_prints_each_value_with_its_origin(self):
        self.host.change({"http": {"threads": 3}})
        done = subprocess.run([surroundings.host_program(), "config", "--explain", f"--config={self.host.folder / 'host.yaml'}", "--set", "log.level=warn"],
                              capture_output=True, text=True, check=True)
        lines = {line.split()[0].rstrip(":"): line for line in done.stdout.splitlines() if line.strip()}
        self.assertIn("host.yaml", lines["http.threads"])
        self.assertIn("--set", lines["log.level"])
        self.assertIn("default", lines["http.idle_timeout"])
