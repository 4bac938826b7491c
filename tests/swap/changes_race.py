"""Upgrades, rollbacks and new settings from several clients at once: one order of effects, and nobody waits for ever."""

import json
import random
import re
import threading
import unittest

from dawdling_host import NAME, DawdlingHost
from support import surroundings
from waiting import wait_until

ROUNDS = 15  # of each client
REFUSALS = re.compile("is under way: wait for its end|there is no version of dawdle before|has just been unloaded")


class ChangesRace(unittest.TestCase):
    def host(self, config=None):
        host = DawdlingHost(self._testMethodName, config=config)
        self.addCleanup(host.__exit__)
        return host.start().wait_until_ready()

    def test_three_clients_change_one_service(self):
        host = self.host()
        files = [host.version("1.1.0"), host.version("1.2.0")]
        dice = random.Random(ROUNDS)
        done, refused, notes = [], [], [""]

        def change(*words):
            """Asks until nothing else is under way, and notes what came of it; whether it was done."""
            while True:
                answer, code = outcome(host, *words)
                (done if code == 0 else refused).append(answer)
                if code == 0 or "is under way" not in answer["error"]["message"]:
                    return code == 0

        def settings(number):
            if change("config", "set", NAME, f"settings.note=n{number}"):
                notes.append(f"n{number}")
                self.assertEqual(host.answer()["note"], notes[-1])

        clients = [lambda number: change("upgrade", files[number % 2], "--force", "--warm", dice.choice(["0s", "5s"])),
                   lambda number: change("rollback", NAME), settings]
        with Reader(host) as reader:
            at_once(*[lambda client=client: [client(number) for number in range(ROUNDS)] for client in clients])
        self.assertEqual(reader.failures, [])
        for answer in refused:
            self.assertRegex(answer["error"]["message"], REFUSALS)
        print(f"\n{len(done)} changes done, {len(refused)} refused, {reader.answers} answers meanwhile")
        self.assert_one_order(host, len(done))
        active = host.record()["version"]
        self.assertEqual((host.answer()["version"], host.answer()["note"]), (active, notes[-1]))
        # A last one, with nobody else about, finds nothing in its way.
        self.assertEqual(host.upgrade(files[0], "--force", "--warm", "0s")["version"], "1.1.0")
        host.wait_for_states([("1.1.0", "active")])
        self.assertEqual(host.mapped(), 1)

    def assert_one_order(self, host, changes):
        """The history has each change that was done, and each begins where the one before it ended."""
        history = host.history()
        self.assertEqual([row["what"] for row in history if row["what"] not in ("upgrade", "rollback", "config")], ["start"], history)
        self.assertEqual(len(history) - 1, changes)
        for before, row in zip(history, history[1:]):
            if row["what"] == "config":
                self.assertEqual(row["version"], before["version"], f"new settings brought another version: {history}")
        self.assertEqual(history[-1]["version"], host.record()["version"])
        self.assertEqual([row["version"] for row in host.rows() if row["state"] == "active"], [history[-1]["version"]])

    def test_an_upgrade_that_waits_holds_up_no_other_service(self):
        host = self.host({"plugins": {"poison": {"file": str(surroundings.plugin("poison"))}}, "upgrade": {"health": "60s"}})
        gate = f"health-{host.process.pid}"
        host.close_gate(gate)
        slow = host.stoactl_process("upgrade", host.version("1.1.0"), "--warm", "0s")
        wait_until(lambda: "migrated" in slow.stderr.readline(), what="the upgrade waits for its version's health")
        self.assertEqual(outcome(host, "config", "set", "poison", "sql_connections=3")[1], 1)
        self.assertEqual(outcome(host, "config", "set", "poison", "settings.create=works")[1], 0)
        self.assertEqual(outcome(host, "upgrade", surroundings.plugin("poison"), "--warm", "0s")[1], 0)
        self.assertIsNone(slow.poll(), "the other upgrade was to be still under way")
        second, code = outcome(host, "rollback", NAME)
        self.assertEqual((code, REFUSALS.search(second["error"]["message"]) is not None), (1, True), second)
        host.open_gate(gate)
        slow.communicate()
        self.assertEqual((slow.returncode, host.answer()["version"]), (0, "1.1.0"))

    def test_a_service_whose_first_version_was_refused_is_added_with_the_next(self):
        host = DawdlingHost(self._testMethodName, config={"plugins": {"poison": {"file": str(surroundings.plugin("poison"))}}, "upgrade": {"health": "100ms"}})
        self.addCleanup(host.__exit__)
        del host.config["plugins"][NAME]["file"]
        host.change({})
        host.start().wait_until_ready()
        gate = f"health-{host.process.pid}"
        host.close_gate(gate)
        with Watcher(host) as watcher:
            for _ in range(ROUNDS):
                refused, code = outcome(host, "upgrade", host.file, "--add")
                self.assertEqual((code, "is not healthy" in refused["error"]["message"]), (1, True), refused)
                self.assertEqual(host.rows(), [])
            host.open_gate(gate)
            self.assertEqual(outcome(host, "upgrade", host.file, "--add")[1], 0)
        self.assertEqual(watcher.failures, [])
        self.assertEqual((host.answer()["version"], host.states()), ("1.0.0", [("1.0.0", "active")]))


def outcome(host, *words):
    """stoactl's answer and exit code. Any thread."""
    process = host.stoactl_process(*words)
    text, _ = process.communicate(timeout=60)
    return json.loads(text), process.returncode


def at_once(*clients):
    failures = []

    def guarded(client):
        try:
            client()
        except BaseException as failure:
            failures.append(failure)
    threads = [threading.Thread(target=guarded, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    if failures:
        raise failures[0]
    if any(thread.is_alive() for thread in threads):
        raise AssertionError("a client did not come to its end within 300 s")


class Reader:
    """Asks the plugin without pause; every answer is to be good."""

    def __init__(self, host):
        self.host, self.failures, self.answers, self.stopped = host, [], 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def ask(self):
        self.host.answer()

    def run(self):
        while not self.stopped.is_set():
            try:
                self.ask()
                self.answers += 1
            except Exception as failure:
                self.failures.append(repr(failure))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


class Watcher(Reader):
    """Asks the host about its services without pause; what is being added keeps it as ready as it was."""

    def ask(self):
        self.host.stoactl("plugins")
        self.host.stoactl("routes")
        status, text = self.host.ready()
        if status != 200:
            raise AssertionError(f"the host is not ready: {text}")
