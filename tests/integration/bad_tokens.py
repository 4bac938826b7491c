"""Who one is must be proven: no token, and every kind of wrong one; and what is for services is not at the edge."""

import json
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shop import Shop
from support import forgeries, raw
from support.jose import signed, unpacked
from support.orders import Asker
from support.scenario import Scenario


class BadTokens(Scenario):
    audit_after = "all"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scenario = cls()
        cls.ada = scenario.customer("ada")
        cls.head, cls.claims = (unpacked(part) for part in cls.ada.token.split(".")[:2])
        keys = cls.fleet.host_of("auth").folder / "state" / "keys"
        cls.key = serialization.load_pem_private_key(next(keys.glob(f"**/{cls.head['kid']}.pem")).read_bytes(), None)

    def runTest(self):
        """So that setUpClass can make one for its helpers."""

    def ask(self, token, path="/api/v1/orders"):
        return raw.request(self.shop, "GET", path, token=token)

    def assert_not_accepted(self, token, what=None, shop=None):
        answer = raw.request(shop or self.shop, "GET", "/api/v1/orders", token=token)
        self.assertEqual(answer.problem[0], 401, f"{what}: {answer.text}")
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json", what)
        self.assertIn("Bearer", answer.headers.get("WWW-Authenticate", ""), what)

    def test_no_token_at_all(self):
        self.assert_not_accepted(None)

    def test_forged_tokens_at_the_gateway_and_behind_it(self):
        mint = forgeries.Mint(self.ada.token, self.key)
        forged = {**forgeries.all_of(mint), **forgeries.of_a_user(mint), "a service's token": self.service_token(aud="order")}
        self.assertGreater(len(forged), 90)
        inside = Shop(f"http://127.0.0.1:{self.fleet.host_of('order').ports['internal']}")
        for shop in (self.shop, inside):
            for token in (self.ada.token, mint.with_claims(x=1)):
                answer = raw.request(shop, "GET", "/api/v1/orders", token=token)
                self.assertEqual(answer.status, 200, f"the good one and one that we sign alike are taken: {answer.text}")
            for what, token in forged.items():
                self.assert_not_accepted(token, what, shop)

    def test_a_customer_is_no_staff(self):
        body = json.dumps({"sku": "x-1", "name": "X", "price": {"amount": 1, "currency": "EUR"}}).encode()
        self.assertEqual(raw.request(self.shop, "POST", "/api/v1/products", body, self.ada.token, {"Idempotency-Key": "k"}).problem,
                         (403, "forbidden"))

    def test_identity_headers_of_a_client_count_for_nothing(self):
        for name in ("Stoa-Service-Token", "X-User-Id", "X-Roles", "Stoa-User"):
            answer = raw.request(self.shop, "GET", "/api/v1/orders", headers={name: self.claims["sub"]})
            self.assertEqual(answer.status, 401, name)

    def record_payment(self, service_token=None, token=None):
        """As order asks payment, at the listener of the hosts; the body says nothing."""
        inside = Shop(f"http://127.0.0.1:{self.fleet.host_of('payment').ports['internal']}")
        headers = {"Idempotency-Key": "k", **({"Stoa-Service-Token": service_token} if service_token else {})}
        return raw.request(inside, "POST", "/api/v1/payments", b"{}", token, headers).problem

    def host_key(self, plugin):
        return serialization.load_pem_private_key((self.fleet.host_of(plugin).folder / "state" / "host.pem").read_bytes(), None)

    def registration(self, plugin) -> str:
        """What its host tells the registry, signed."""
        return raw.request(Shop(f"http://127.0.0.1:{self.fleet.host_of(plugin).ports['internal']}"), "GET", "/stoa/v1/registration").text

    def service_token(self, **claims):
        """What order's host signs for a call to payment, or something like it."""
        head = {**unpacked(self.registration("order").split(".")[0]), "typ": "stoa-service+jwt"}
        now = int(time.time())
        claims = {"iss": "order", "aud": "payment", "iat": now, "exp": now + 60, **claims}
        return signed(head, claims, self.host_key("order"))

    def test_a_route_of_services_asks_who_calls(self):
        self.assertEqual(self.record_payment(self.service_token()), (400, "invalid-body"), "the good token is taken")
        self.assertEqual(self.record_payment()[0], 401)
        for person in (self.ada.token, self.staff):
            self.assertEqual(self.record_payment(token=person), (403, "forbidden"))

    def test_forged_service_tokens(self):
        mint = forgeries.Mint(self.service_token(), self.host_key("order"))
        self.assertEqual(self.record_payment(mint.with_claims(x=1)), (400, "invalid-body"), "one that we sign alike is taken")
        stranger = Asker(ec.generate_private_key(ec.SECP256R1()), ["order"])  # by the key of another fleet
        forged = {**forgeries.all_of(mint), **forgeries.of_a_service(mint), "of another fleet": stranger.token("order", "payment"),
                  "made for product": self.service_token(aud="product"), "a user's token": self.ada.token,
                  "a registration": self.registration("order"), "the name alone": "order"}
        for what, token in forged.items():
            self.assertEqual(self.record_payment(token), (401, f"service-token-{'expired' if what == 'expired' else 'invalid'}"), what)

    def test_a_service_has_no_business_with_payments(self):
        """Signed well, by a host that speaks for product, or by one that doesn't."""
        self.assertEqual(self.record_payment(self.service_token(iss="product"))[0], 403 if self.same_host("product", "order") else 401)

    def same_host(self, one, other):
        return self.fleet.host_of(one) is self.fleet.host_of(other)

    def test_no_route_of_services_is_at_the_edge(self):
        """Each of them, asked for with a good token: 404, as if it were not there."""
        asked = 0
        for host in self.fleet.hosts:
            if host.name == "sandbox":
                continue
            for route in self.stoactl("routes", host=host.plan.plugins[0]):
                if route["auth"] != ["service"]:
                    continue
                path = "/".join("0190a0b0-0000-7000-8000-000000000003" if part.startswith("{") else part for part in route["path"].split("/"))
                answer = raw.request(self.shop, route["method"], path, b"{}" if route["method"] == "POST" else None, self.staff)
                self.assertEqual(answer.status, 404, f"{route['method']} {path}: {answer.text}")
                asked += 1
        self.assertGreater(asked, 0)

    def test_built_in_paths_are_not_at_the_edge(self):
        for path in ("/metrics", "/readyz", "/stoa/v1/registry", "/stoa/v1/wake/order", "/services/order/openapi.json"):
            self.assertEqual(self.ask(None, path).status, 404, path)
