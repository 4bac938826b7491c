"""What `stoactl upgrade` promises beyond the swap itself: canaries, the way back, settings, refusals that change nothing."""

import threading

import accounts
from shop import Refused
from support import plugin_files, surroundings
from support.scenario import Scenario
from waiting import wait_until


class UpgradeStages(Scenario):
    audit_after = "all"
    serial = 0

    def version_of(self, plugin, change=None):
        """A file of the plugin with a version that none had before, and what `change` makes of its manifest."""
        UpgradeStages.serial += 1
        version = f"1.{UpgradeStages.serial}.0"
        renamed = self.fleet.run / f"{plugin}-{version}.so"
        plugin_files.rename_version(surroundings.plugin(plugin), renamed, "1.0.0", version)
        if change:
            plugin_files.changed(renamed, renamed, change)
        return renamed, version

    def generations(self, plugin):
        return {row["state"]: row["version"] for row in self.stoactl("plugins", host=plugin) if row["name"] == plugin}

    def active(self, plugin):
        return self.generations(plugin)["active"]

    def test_the_old_version_stays_warm_and_comes_back_at_once(self):
        before = self.active("product")
        file, version = self.version_of("product")
        self.assertEqual(self.stoactl("upgrade", str(file), host="product")["former"], "warm")
        self.assertEqual(self.generations("product"), {"active": version, "warm": before})
        back = self.stoactl("rollback", "product", host="product")
        self.assertEqual((back["version"], back["from"]), (before, "warm"))
        wait_until(lambda: self.generations("product") == {"active": before}, what="the version left is unloaded")
        refused = self.stoactl("upgrade", str(file), host="product", code=1)
        self.assertIn("withdrawn before", refused["error"]["message"])
        self.assertEqual(self.stoactl("upgrade", str(file), "--force", host="product")["version"], version)

    def test_a_version_that_is_gone_comes_back_from_the_store(self):
        before = self.active("user")
        file, version = self.version_of("user")
        self.assertEqual(self.stoactl("upgrade", str(file), "--warm", "0s", host="user")["former"], "unloaded")
        self.assertEqual(self.generations("user"), {"active": version})
        self.assertEqual(self.stoactl("rollback", "user", host="user")["version"], before)
        self.assertEqual(self.active("user"), before)
        what = [row["what"] for row in self.stoactl("history", "user", host="user")]
        self.assertEqual(what[-2:], ["upgrade", "rollback"])

    def test_a_canary_that_does_well_is_published(self):
        file, version = self.version_of("product")
        with Traffic(self):
            done = self.stoactl("upgrade", str(file), "--canary", "50%", "--for", "2s", host="product")
        self.assertEqual(done["version"], version)
        self.assertIn("why", done["canary"])
        self.assertEqual(self.active("product"), version)

    def test_a_canary_without_traffic_is_refused(self):
        before = self.active("product")
        file, version = self.version_of("product")
        refused = self.stoactl("upgrade", str(file), "--canary", "10%", "--for", "200ms", host="product", code=1)
        self.assertIn("refused", refused["error"]["message"])
        self.assertEqual(self.active("product"), before)
        done = self.stoactl("upgrade", str(file), "--canary", "10%", "--for", "200ms", "--accept-thin", host="product")
        self.assertEqual(done["version"], version)

    def test_an_operator_ends_a_canary(self):
        before = self.active("product")
        file, _ = self.version_of("product")
        answers = []
        upgrade = threading.Thread(target=lambda: answers.append(
            self.stoactl("upgrade", str(file), "--canary", "10%", "--for", "60s", host="product", code=1)))
        upgrade.start()
        wait_until(lambda: "canary" in self.generations("product"), what="the canary runs")
        second = self.stoactl("upgrade", str(file), host="product", code=1)
        self.assertIn("under way", second["error"]["message"])
        self.assertEqual(self.stoactl("rollback", "product", host="product")["outcome"], "canary ended")
        upgrade.join()
        self.assertIn("an operator ended the canary", answers[0]["error"]["message"])
        self.assertEqual(self.active("product"), before)

    def test_a_dry_run_changes_nothing(self):
        before = self.generations("product")
        file, _ = self.version_of("product")
        self.assertEqual(self.stoactl("upgrade", str(file), "--dry-run", host="product")["outcome"], "dry run")
        self.assertEqual(self.generations("product"), before)

    def lifetime(self):
        """How long a new token lives, in seconds: what auth's settings say."""
        answer = self.shop.request("POST", "/api/v1/auth/login", {"email": accounts.STAFF,
                                                                  "password": accounts.staff_password(self.fleet.run)})
        return answer["expiresIn"]

    def test_settings_change_while_it_serves(self):
        before = self.active("auth")
        self.stoactl("config", "set", "auth", "settings.accessTokenSeconds=120", host="auth")
        self.assertEqual((self.lifetime(), self.active("auth")), (120, before))
        refused = self.stoactl("config", "set", "auth", "settings.accessTokenSeconds=soon", host="auth", code=1)
        self.assertIn("settings/accessTokenSeconds", refused["error"]["message"])
        self.assertEqual(self.lifetime(), 120)
        self.assertEqual(self.stoactl("config", "reload", host="auth"), {"changed": [], "need_restart": []})


class Traffic:
    """Asks for products, each time as somebody else, until it ends."""

    def __init__(self, scenario):
        self.scenario, self.stopped = scenario, threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]

    def run(self):
        while not self.stopped.is_set():
            try:
                self.scenario.shop.request("GET", "/api/v1/products?limit=3")
            except Refused:
                pass

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
