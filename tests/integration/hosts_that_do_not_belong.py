"""Who registers as a service without the fleet's word for it is refused, and nothing is sent to him."""

import time

from cryptography.hazmat.primitives.asymmetric import ec

from shop import Shop, delivered
from support import raw, surroundings
from support.jose import signed, unpacked
from support.one_host import OneHost
from support.orders import Asker, fleet_key, thumbprint
from support.scenario import QUICK_CARRIER, Scenario
from waiting import wait_until

HOSTS = "/stoa/v1/registry/hosts"


class HostsThatDoNotBelong(Scenario):
    settings = {"plugins": QUICK_CARRIER}

    def ask_registry(self, method, path, sealed=None):
        return raw.request(Shop(f"http://127.0.0.1:{self.fleet.ports['registry']}"), method, path, sealed and sealed.encode(), kind="application/jose")

    def addresses_of(self, service) -> list:
        """Where the registry says that a service is."""
        all_of_them = [unpacked(sealed.split(".")[1])["registration"] for sealed in self.ask_registry("GET", "/stoa/v1/registry/directory").json["hosts"]]
        return [one["address"] for one in all_of_them if service in [service["name"] for service in one["services"]]]

    @staticmethod
    def sealed(host, service, key=None, until=60, typ="stoa-registration+jwt", **changes) -> str:
        """A registration of a host that says it runs this service at a place where nobody listens."""
        now = int(time.time())
        routes = [{"method": "POST", "path": "/api/v1/payments", "auth": ["public"]}]
        registration = {"host_id": host.host_id, "address": "127.0.0.1:9", "epoch": now, "more_to_come": False,
                        "services": [{"name": service, "version": "1.0.0", "resources": ["payments"], "routes": routes}], **changes}
        head = {"alg": "ES256", "typ": typ, "kid": thumbprint(host.key), "stoa_cert": host.certificate}
        return signed(head, {"registration": registration, "iat": now + until - 60, "exp": now + until}, key or host.key)

    def payment(self):
        return f"127.0.0.1:{self.fleet.host_of('payment').ports['internal']}"

    def test_registrations_that_nobody_may_make(self):
        payment, mallory = self.payment(), ec.generate_private_key(ec.SECP256R1())
        shipping, stranger = Asker(fleet_key(self.fleet), ["shipping"]), Asker(mallory, ["payment"])
        real = unpacked(raw.request(Shop(f"http://{payment}"), "GET", "/stoa/v1/registration").text.split(".")[1])["registration"]
        whole = self.sealed(shipping, "shipping")
        for what, sealed in {
                "of a host that is certified for shipping": self.sealed(shipping, "payment"),
                "by the key of another fleet": self.sealed(stranger, "payment"),
                "by another key than the certified one": self.sealed(shipping, "shipping", mallory),
                "in the name of another host": self.sealed(shipping, "shipping", host_id=real["host_id"]),
                "of yesterday": self.sealed(shipping, "shipping", until=-86400),
                "good for a day": signed(unpacked(whole.split(".")[0]), {**unpacked(whole.split(".")[1]), "exp": int(time.time()) + 86400}, shipping.key),
                "of another kind": self.sealed(shipping, "shipping", typ="stoa-service+jwt"),
                "changed afterwards": ".".join([whole.split(".")[0], self.sealed(shipping, "payment").split(".")[1], whole.split(".")[2]]),
                "nothing": "x"}.items():
            with self.subTest(what):
                for method in ("PUT", "DELETE"):
                    self.assertEqual(self.ask_registry(method, HOSTS, sealed).problem, (403, "registration-refused"))
        self.assertEqual(self.addresses_of("payment"), [payment])
        # The same with everything right is taken, so that it is not refused for something else.
        self.assertEqual(self.ask_registry("PUT", HOSTS, whole).status, 200)
        self.assertIn("127.0.0.1:9", self.addresses_of("shipping"))
        self.assertEqual(self.ask_registry("DELETE", HOSTS, self.sealed(shipping, "shipping", services=[])).status, 200)
        self.assertEqual(len(self.addresses_of("shipping")), 1)

    def test_a_host_of_another_fleet_runs_payment(self):
        plugins = {"payment": {"file": str(surroundings.plugin("payment")), "external": {"psp": {"url": "http://127.0.0.1:9"}},
                               "secrets": {"psp": "env:HOME", "webhook": "env:HOME"}}}
        stranger = OneHost("stranger", {"registry": f"embedded://127.0.0.1:{self.fleet.ports['registry']}", "plugins": plugins})
        with stranger.start():
            wait_until(lambda: "refused this host" in stranger.log, what="the stranger is told that it does not belong")
            ada, bread = self.customer("ada"), self.product(stock=3)
            for _ in range(3):
                ada.wait(ada.buy([(bread, 1)])["orderId"], delivered)
            self.assertEqual(self.addresses_of("payment"), [self.payment()])
            self.assertNotIn("/api/v1/payments", stranger.get("/metrics", "ops"))
            stranger.stop()
