"""`stoactl upgrade` replaces a plugin while customers ask and buy, and no request fails."""

from shop import delivered, new_key
from support import plugin_files, surroundings
from support.load import Load
from support.scenario import Scenario


class UpgradeUnderLoad(Scenario):
    def upgrade(self, plugin, version):
        file = self.fleet.run / f"{plugin}-{version}.so"
        if not file.exists():
            plugin_files.rename_version(surroundings.plugin(plugin), file, "1.0.0", version)
        return self.stoactl("upgrade", str(file), "--warm", "0s", host=plugin)

    def running(self, plugin):
        return [(row["version"], row["state"]) for row in self.stoactl("plugins", host=plugin) if row["name"] == plugin]

    def test_no_request_fails(self):
        bread = self.product(stock=100_000)
        ada = self.customer()
        ada.wait(ada.buy([(bread, 1)])["orderId"], delivered)
        placed = []

        def buy():
            placed.append(self.shop.place_order(ada.token, [(bread.id, 1)], bread.price, key=new_key())["orderId"])
        with Load([lambda: self.shop.request("GET", f"/api/v1/products/{bread.id}"),
                   lambda: self.shop.request("GET", "/api/v1/orders", token=ada.token), buy]) as load:
            for round, plugin in enumerate(("product", "order", "inventory", "payment", "product")):
                load.wait_for_more()
                version = f"1.0.{round + 1}"
                self.assertEqual(self.upgrade(plugin, version)["version"], version)
                self.assertEqual(self.running(plugin), [(version, "active")])
            load.wait_for_more()
        self.assertEqual(load.failures, [])
        for order_id in placed:
            ada.wait(order_id, delivered, seconds=120)

    def test_a_file_that_cannot_run_changes_nothing(self):
        bread = self.product(stock=2)
        before = self.running("product")
        bad = plugin_files.changed(surroundings.plugin("product"), self.fleet.run / "product-9.so",
                                   lambda manifest: manifest["capabilities"].__setitem__(0, "stoa.soup/1"))
        self.stoactl("upgrade", str(bad), host="product", code=1)
        self.assertEqual(self.running("product"), before)
        self.assertEqual(self.shop.request("GET", f"/api/v1/products/{bread.id}")["id"], bread.id)
