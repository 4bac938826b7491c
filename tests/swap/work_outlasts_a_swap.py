"""Work that lasts: the new version serves at once, the old one drains or is parked, and goes when its last work has ended."""

import http.client
import json
import socket
import threading
import unittest

from dawdling_host import NAME, PATH, DawdlingHost
from waiting import wait_until

OLD, NEW = "1.0.0", "1.1.0"
LARGE = 4 << 20
PATIENCE = 100  # seconds for a request that waits for upgrades


class WorkOutlastsASwap(unittest.TestCase):
    def host(self, drain, settings=None):
        host = DawdlingHost(self._testMethodName, settings, config={"upgrade": {"drain": drain}})
        self.addCleanup(host.__exit__)
        return host.start().wait_until_ready()

    def upgraded(self, host, number=NEW, migrations=2):
        """Swaps while work is inside of the old version, and sees the new one serve."""
        done = host.upgrade(host.version(number, migrations), "--warm", "0s")
        self.assertEqual(host.answer()["version"], number)
        return done

    def assert_gone(self, host, only=NEW):
        host.wait_for_states([(only, "active")])
        wait_until(lambda: host.mapped() == 1, what="one version is mapped")

    def test_the_new_version_answers_while_the_old_one_drains(self):
        host = self.host("60s")
        asked = Waiting(host, "door")
        upgrade = host.stoactl_process("upgrade", host.version(NEW), "--warm", "0s")
        wait_until(lambda: host.states() == [(OLD, "draining"), (NEW, "active")], what="the old version drains")
        self.assertEqual(host.answer()["version"], NEW)
        self.assertEqual((host.inside(OLD), host.mapped()), (1, 2))
        self.assertIsNone(upgrade.poll())
        host.open_gate("door")
        self.assertEqual(asked.answer(), {"version": OLD, "what": "door"})
        self.assertEqual(json.loads(upgrade.communicate()[0])["former"], "unloaded")
        self.assert_gone(host)

    def test_a_request_that_does_not_end_parks_its_version_until_it_does(self):
        host = self.host("200ms")
        asked = Waiting(host, "door")
        self.assertEqual(self.upgraded(host)["former"], "parked")
        self.assertEqual(host.states(), [(OLD, "parked"), (NEW, "active")])
        self.assertEqual((host.inside(OLD), host.mapped()), (1, 2))
        self.assertIn("an old generation is parked", host.log)
        host.open_gate("door")
        self.assertEqual(asked.answer(), {"version": OLD, "what": "door"})
        self.assert_gone(host)

    def test_an_event_handler_that_hangs_parks_its_version_and_its_event_takes_effect_once(self):
        host = self.host("200ms")
        host.close_gate("door")
        host.post(f"{PATH}/events", {"gate": "door"})
        wait_until(lambda: host.inside(OLD) == 1, what="the handler has begun")
        # Without a new migration: the handler holds the one writer of its SQLite file.
        self.assertEqual(self.upgraded(host, migrations=1)["former"], "parked")
        host.open_gate("door")
        host.post(f"{PATH}/events", {"gate": "another"})
        self.assert_gone(host)
        taken = [{"version": OLD, "what": "door"}, {"version": NEW, "what": "another"}]
        wait_until(lambda: len(host.get(f"{PATH}/events")["items"]) >= 2, what="both events are taken")
        self.assertEqual(host.get(f"{PATH}/events")["items"], taken)

    def test_a_body_that_comes_slowly_ends_on_the_version_that_began_it(self):
        host = self.host("200ms")
        upload = http.client.HTTPConnection("127.0.0.1", host.internal, timeout=30)
        upload.putrequest("POST", f"{PATH}/upload")
        upload.putheader("Content-Type", "application/octet-stream")
        upload.putheader("Content-Length", "200")
        upload.endheaders(b"x" * 100)
        wait_until(lambda: host.inside(OLD) == 1, what="the handler reads")
        self.assertEqual(self.upgraded(host)["former"], "parked")
        upload.send(b"x" * 100)
        self.assertEqual(json.loads(upload.getresponse().read()), {"version": OLD, "what": "200"})
        self.assert_gone(host)

    def test_a_client_that_reads_slowly_keeps_no_version(self):
        """An answer belongs to the host once it is given: its version goes, and the reader still gets all of it."""
        host = self.host("10s", {"large": LARGE})
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", host.internal))
            client.sendall(f"GET {PATH}/large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            text = client.recv(1)
            self.assertEqual(self.upgraded(host)["former"], "unloaded")
            self.assert_gone(host)
            for _ in range(3):  # it is the host that must not mind, however long this takes
                threading.Event().wait(1)
                text += client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            while part := client.recv(1 << 20):
                text += part
        head, body = text.split(b"\r\n\r\n", 1)
        self.assertTrue(head.startswith(b"HTTP/1.1 200"), head)
        answer = json.loads(body)
        self.assertEqual((answer["version"], len(answer["text"])), (OLD, LARGE))

    def test_no_more_versions_are_parked_than_the_configuration_allows(self):
        host = self.host("100ms")
        versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]
        asked = []
        for number, following in zip(versions, versions[1:]):
            asked.append(Waiting(host, f"door-{len(asked)}", number))
            self.assertEqual(self.upgraded(host, following)["former"], "parked")
        refused = host.upgrade(host.version("1.4.0"), code=1)["error"]["message"]
        self.assertIn(f"3 old generations of {NAME} are parked, which is the most this host keeps", refused)
        self.assertIn("1.3.0 goes on serving", refused)
        self.assertEqual((host.answer()["version"], host.mapped()), ("1.3.0", 4))
        host.open_gate("door-1")
        self.assertEqual(asked[1].answer()["version"], "1.1.0")
        wait_until(lambda: host.mapped() == 3, what="the one that is free is unloaded, whichever it is")
        self.upgraded(host, "1.4.0")
        for door, waiting in ((0, asked[0]), (2, asked[2])):
            host.open_gate(f"door-{door}")
            self.assertEqual(waiting.answer()["version"], versions[door])
        self.assert_gone(host, "1.4.0")


class Waiting:
    """A request that has reached the plugin and waits there for a gate."""

    def __init__(self, host, gate, version=OLD):
        host.close_gate(gate)
        self.answers = []
        self.thread = threading.Thread(target=lambda: self.answers.append(host.post(f"{PATH}/wait", {"gate": gate}, PATIENCE)))
        self.thread.start()
        wait_until(lambda: host.inside(version) == 1, what="the request is inside")

    def answer(self):
        self.thread.join(PATIENCE)
        return self.answers[0]
