"""One host that runs the plugin dawdle (tests/integration/plugins/dawdle), versions of it, and its own word on what runs."""

import json
import subprocess

from support import plugin_files, surroundings
from support.one_host import OneHost
from waiting import wait_until

NAME = "dawdle"
PATH = "/api/v1/dawdles"


def version(folder, number, migrations=2, topics=1):
    """A file of the plugin that calls itself `number`, knows only the first migrations and reads only the first topics."""
    def fewer(manifest):
        del manifest["migrations"][migrations:]
        del manifest["subscribes"][topics:]
    file = plugin_files.rename_version(surroundings.plugin(NAME), folder / f"{NAME}-{number}.so", "1.0.0", number)
    return plugin_files.changed(file, file, fewer)


class DawdlingHost(OneHost):
    def __init__(self, name, settings=None, config=None):
        super().__init__(name)
        self.state = self.folder / "state"
        self.gates = self.folder / "gates"
        self.gates.mkdir(exist_ok=True)
        self.file = version(self.folder, "1.0.0", migrations=1)
        self.change({"upgrade": {"probe": {"timeout": "60s"}}})  # with a sanitizer its largest answer takes that long
        self.change({"plugins": {NAME: {"file": str(self.file), "settings": {"gates": str(self.gates), **(settings or {})}}}})
        self.change(config or {})

    def version(self, number, migrations=2, topics=1):
        return version(self.folder, number, migrations, topics)

    def stoactl(self, *words, code=0):
        process = self.stoactl_process(*words)
        done = process.communicate()
        answer = json.loads(done[0]) if done[0].strip() else {}
        if code is not None and process.returncode != code:
            raise AssertionError(f"stoactl {words} ended with {process.returncode}: {done}")
        return answer

    def stoactl_process(self, *words):
        return subprocess.Popen([surroundings.stoactl_program(), f"--socket={self.state / 'control.sock'}", "--json", *map(str, words)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def upgrade(self, file, *words, code=0):
        return self.stoactl("upgrade", file, *words, code=code)

    def rows(self):
        return [row for row in self.stoactl("plugins") if row["name"] == NAME]

    def states(self):
        return sorted((row["version"], row["state"]) for row in self.rows())

    def wait_for_states(self, states, seconds=20):
        try:
            wait_until(lambda: self.states() == states, seconds)
        except TimeoutError:
            raise AssertionError(f"after {seconds} s: {self.states()} instead of {states}") from None

    def record(self):
        return json.loads((self.state / "plugins" / NAME / "active.json").read_text())

    def history(self):
        return self.stoactl("history", NAME)

    def mapped(self):
        """Generations of the plugin that are mapped into the host, counted by the files they come from."""
        lines = open(f"/proc/{self.process.pid}/maps").read().splitlines()
        return len({line.split()[-1] for line in lines if f"/{NAME}." in line and not line.endswith("(deleted)")}
                   | {line.split()[-2] for line in lines if f"/{NAME}." in line and line.endswith("(deleted)")})

    def answer(self):
        return self.get(f"{PATH}/state")

    def close_gate(self, gate):
        (self.gates / f"{gate}.closed").touch()

    def open_gate(self, gate):
        (self.gates / f"{gate}.closed").unlink()

    def inside(self, number):
        """Work inside of a version."""
        return sum(row["in_flight"] for row in self.rows() if row["version"] == number)
