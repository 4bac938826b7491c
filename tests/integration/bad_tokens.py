"""Who one is must be proven: no token, and every kind of wrong one; and what is for services is not at the edge."""

import json
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shop import Shop
from support import raw
from support.jose import packed, signed, unpacked
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

    def assert_not_accepted(self, token):
        answer = self.ask(token)
        self.assertEqual(answer.status, 401, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertIn("Bearer", answer.headers.get("WWW-Authenticate", ""))

    def test_the_good_one_is_taken_and_so_is_one_that_we_sign_alike(self):
        self.assertEqual(self.ask(self.ada.token).status, 200)
        self.assertEqual(self.ask(signed(self.head, self.claims, self.key)).status, 200)

    def test_none(self):
        self.assert_not_accepted(None)

    def test_expired(self):
        self.assert_not_accepted(signed(self.head, {**self.claims, "iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}, self.key))

    def test_without_an_end(self):
        self.assert_not_accepted(signed(self.head, {name: value for name, value in self.claims.items() if name != "exp"}, self.key))

    def test_signed_by_somebody_else(self):
        self.assert_not_accepted(signed(self.head, self.claims, ec.generate_private_key(ec.SECP256R1())))

    def test_claims_changed_after_signing(self):
        head, _, signature = self.ada.token.split(".")
        self.assert_not_accepted(f"{head}.{packed({**self.claims, 'roles': 'customer staff admin'})}.{signature}")

    def test_alg_none(self):
        for name in ("none", "None", "NONE"):
            self.assert_not_accepted(f"{packed({**self.head, 'alg': name})}.{packed(self.claims)}.")
            self.assert_not_accepted(f"{packed({**self.head, 'alg': name})}.{packed(self.claims)}.{self.ada.token.split('.')[2]}")

    def test_another_algorithm_with_the_public_key_as_secret(self):
        import hashlib
        import hmac
        public = self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        text = f"{packed({**self.head, 'alg': 'HS256'})}.{packed(self.claims)}"
        self.assert_not_accepted(f"{text}.{packed(hmac.new(public, text.encode(), hashlib.sha256).digest())}")

    def test_for_another_audience(self):
        self.assert_not_accepted(signed(self.head, {**self.claims, "aud": "another-shop"}, self.key))

    def test_from_another_issuer(self):
        self.assert_not_accepted(signed(self.head, {**self.claims, "iss": "somebody"}, self.key))

    def test_what_is_no_token_at_all(self):
        for token in ("x", "a.b.c", "..", f"{self.ada.token}.x", self.ada.token[:-2]):
            self.assert_not_accepted(token)

    def test_a_service_token_is_no_users_token(self):
        """As a host signs for its services, but sent from outside."""
        host_key = serialization.load_pem_private_key((self.fleet.host_of("order").folder / "state" / "host.pem").read_bytes(), None)
        now = int(time.time())
        token = signed({"alg": "ES256", "typ": "stoa-service+jwt", "kid": "x"},
                       {"iss": "order", "aud": "payment", "iat": now, "exp": now + 60}, host_key)
        self.assert_not_accepted(token)

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

    def service_token(self, key=None, head=None, **claims):
        """What order's host signs for a call to payment, or something like it."""
        host = self.fleet.host_of("order")
        sealed = raw.request(Shop(f"http://127.0.0.1:{host.ports['internal']}"), "GET", "/stoa/v1/registration").text
        head = {**unpacked(sealed.split(".")[0]), "typ": "stoa-service+jwt", **(head or {})}
        now = int(time.time())
        claims = {"iss": "order", "aud": "payment", "iat": now, "exp": now + 60, **claims}
        return signed(head, claims, key or serialization.load_pem_private_key((host.folder / "state" / "host.pem").read_bytes(), None))

    def test_a_route_of_services_asks_who_calls(self):
        self.assertEqual(self.record_payment(self.service_token()), (400, "invalid-body"), "the good token is taken")
        self.assertEqual(self.record_payment()[0], 401)
        for person in (self.ada.token, self.staff):
            self.assertEqual(self.record_payment(token=person), (403, "forbidden"))

    def test_a_service_token_that_is_forged_old_or_for_somebody_else(self):
        now = int(time.time())
        head, claims, signature = self.service_token().split(".")
        none = packed({**unpacked(head), "alg": "none"})
        for token in (self.service_token(ec.generate_private_key(ec.SECP256R1())), self.service_token(aud="product"),
                      self.service_token(iat=now - 300, exp=now - 240), self.service_token(exp=now + 3600),
                      self.service_token(head={"typ": "JWT"}), f"{none}.{claims}.", f"{none}.{claims}.{signature}", "order"):
            self.assertEqual(self.record_payment(token)[0], 401, token)
        # Signed well, but product has no business with payments.
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
