"""`stoactl upgrade --fleet`: one host asks the others; all have the new version in the end, or none; and who may not ask
is refused before a byte of a file is taken."""

import hashlib
import json
import subprocess

from shop import delivered, new_key
from support import plugin_files, surroundings
from support.load import Load
from support.orders import Asker, ask, fleet_key
from support.scenario import Scenario
from waiting import wait_until

BOTH = ("order-a", "order-b")


class FleetUpgrade(Scenario):
    audit_after = "all"
    serial = 0

    def host(self, name):
        return next(host for host in self.fleet.hosts if host.name == name)

    def stoactl_at(self, name, *words, code=0):
        """What stoactl prints for a host: as JSON, and what it told meanwhile."""
        done = subprocess.run([surroundings.stoactl_program(), f"--socket={self.host(name).socket}", "--json", *words],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout), done.stderr

    def version_at(self, name):
        return next(row["version"] for row in self.stoactl_at(name, "plugins")[0] if row["state"] == "active")

    def new_file(self, change=None):
        FleetUpgrade.serial += 1
        version = f"1.{FleetUpgrade.serial}.0"
        file = self.fleet.run / f"order-{version}.so"
        plugin_files.rename_version(surroundings.plugin("order"), file, "1.0.0", version)
        if change:
            plugin_files.changed(file, file, change)
        return file, version

    def test_every_host_is_upgraded_and_no_request_fails(self):
        bread = self.product(stock=100_000)
        ada = self.customer()
        ada.wait(ada.buy([(bread, 1)])["orderId"], delivered)
        placed = []

        def buy():
            placed.append(self.shop.place_order(ada.token, [(bread.id, 1)], bread.price, key=new_key())["orderId"])
        file, version = self.new_file()
        with Load([lambda: self.shop.request("GET", "/api/v1/orders", token=ada.token), buy]) as load:
            load.wait_for_more()
            done, told = self.stoactl_at("order-a", "upgrade", str(file), "--fleet", "--pause", "300ms")
            load.wait_for_more()
        self.assertEqual(load.failures, [])
        self.assertEqual([(row["outcome"], row["version"]) for row in done["hosts"]], [("active", version)] * 2)
        self.assertEqual([self.version_at(name) for name in BOTH], [version] * 2)
        for name in BOTH:
            self.assertIn(f"127.0.0.1:{self.host(name).ports['internal']} published: {version}", told)
        incoming = self.host("order-b").folder / "state" / "incoming"
        wait_until(lambda: not list(incoming.iterdir()), what="the file that arrived is gone")
        for order_id in placed:
            ada.wait(order_id, delivered, seconds=120)
        again, _ = self.stoactl_at("order-b", "upgrade", str(file), "--fleet", "--wave", "2")
        self.assertEqual([row["outcome"] for row in again["hosts"]], ["unchanged"] * 2)

    def test_what_the_second_host_refuses_the_first_gives_back(self):
        before = [self.version_at(name) for name in BOTH]
        self.stoactl_at("order-b", "config", "set", "order", "settings.compensationSeconds=90")

        def shorter(manifest):
            manifest["config"]["properties"]["compensationSeconds"]["maximum"] = 80
        file, _ = self.new_file(shorter)
        refused, _ = self.stoactl_at("order-a", "upgrade", str(file), "--fleet", "--allow-breaking", code=1)
        first, second = refused["error"]["details"]["hosts"]
        self.assertEqual((first["outcome"], second["outcome"]), ("rolled back", "refused"))
        self.assertIn("compensationSeconds", second["reason"])
        self.assertIn("every host runs what it ran before", refused["error"]["cure"])
        self.assertEqual([self.version_at(name) for name in BOTH], before)

    def target(self, name):
        state = self.host(name).folder / "state"
        return (state / "host_id").read_text().strip(), int((state / "epoch").read_text())

    def test_only_a_host_of_this_fleet_may_ask_and_only_for_what_its_order_says(self):
        before = self.version_at("order-b")
        file, _ = self.new_file()
        content = file.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        host, target = self.host("order-b"), self.target("order-b")
        good, other = Asker(fleet_key(self.fleet), ["order"]), Asker(fleet_key(self.fleet), ["product"])
        stranger = Asker(good.key, ["order"])
        cases = {
            "no order": (None, 401),
            "no token": ("a.b.c", 401),
            "another fleet's": (stranger.order(target, "upgrade", "order", sha256), 401),
            "expired": (good.order(target, "upgrade", "order", sha256, iat=1, exp=61), 401),
            "a long life": (good.order(target, "upgrade", "order", sha256, exp=4_000_000_000), 401),
            "not certified for the service": (other.order(target, "upgrade", "order", sha256), 403),
            "for another service": (good.order(target, "upgrade", "product", sha256), 403),
            "for another host": (good.order(self.target("order-a"), "upgrade", "order", sha256), 403),
            "for an earlier start": (good.order((target[0], target[1] - 1), "upgrade", "order", sha256), 403),
            "for a rollback": (good.order(target, "rollback", "order", sha256), 403),
            "for another file": (good.order(target, "upgrade", "order", "0" * 64), 403),
        }
        for what, (order, status) in cases.items():
            with self.subTest(what):
                answer = ask(host, "POST", "/stoa/v1/upgrade/order", order, content)
                self.assertEqual(answer[0], status, answer[1])
        self.assertEqual(ask(host, "POST", "/stoa/v1/rollback/order")[0], 401)
        self.assertEqual(ask(host, "GET", "/stoa/v1/upgrade/order/1")[0], 401)
        self.assertEqual(self.version_at("order-b"), before)

    def test_an_order_is_taken_once_and_a_file_of_another_service_is_refused(self):
        host, target = self.host("order-b"), self.target("order-b")
        before = self.version_at("order-b")
        asker = Asker(fleet_key(self.fleet), ["order"])
        content = surroundings.plugin("product").read_bytes()
        order = asker.order(target, "upgrade", "order", hashlib.sha256(content).hexdigest())
        status, text = ask(host, "POST", "/stoa/v1/upgrade/order", order, content)
        self.assertEqual(status, 202, text)
        operation = json.loads(text)["id"]
        self.assertEqual(ask(host, "POST", "/stoa/v1/upgrade/order", order, content)[0], 403)

        def ended():
            watch = asker.order(target, "watch", "order", operation)
            shown = json.loads(ask(host, "GET", f"/stoa/v1/upgrade/order/{operation}", watch)[1])
            return shown if shown["state"] != "running" else None
        shown = wait_until(ended, what="the upgrade is refused")
        self.assertEqual(shown["state"], "failed")
        self.assertIn("the file is another one", shown["error"]["message"])
        wrong = asker.order(target, "watch", "order", "another")
        self.assertEqual(ask(host, "GET", f"/stoa/v1/upgrade/order/{operation}", wrong)[0], 403)
        self.assertEqual(self.version_at("order-b"), before)
