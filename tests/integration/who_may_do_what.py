"""Every route of every plugin, asked for by everybody: at the edge and at the listener of the hosts. A route without a row in
support/access.py is a failure, so that none comes without somebody having said who may call it."""

import json
import unittest

from cryptography.hazmat.primitives.asymmetric import ec
from shop import ADDRESS, Shop, delivered, new_key
from support import access, forgeries, raw
from support.orders import Asker, fleet_key
from support.routes import routes
from support.scenario import QUICK_CARRIER, Scenario
from waiting import wait_until

PASSWORD = "a long password"


class EveryRouteHasARow(unittest.TestCase):
    def test_and_every_row_a_route(self):
        self.assertEqual(set(routes()), set(access.ROWS))


class Things:
    """What there is to ask for, and what is made anew for whoever changes or removes it. All of it is the owner's."""

    password = PASSWORD

    def __init__(self, scenario, owner, email):
        self.shop, self.staff, self.owner, self.email, self.user = scenario.shop, scenario.staff, owner, email, owner.user_id
        bread = scenario.product(stock=5)
        self.product, self.address = bread.id, self.new_address()
        self.order = owner.buy([(bread, 1)])["orderId"]
        self.payment = owner.wait(self.order, delivered)["paymentId"]
        self.shipment = self.shop.request("GET", "/api/v1/shipments", token=owner.token)["items"][0]["shipmentId"]
        asked = f"/api/v1/notifications/deliveries?userId={owner.user_id}"
        self.delivery = wait_until(lambda: self.shop.request("GET", asked, token=self.staff)["items"], what="a mail")[0]["deliveryId"]
        reservation = f"/api/v1/inventory/reservations/{self.order}"
        wait_until(lambda: self.shop.request("GET", reservation, token=self.staff)["state"] == "SHIPPED", what="the stock has left")

    def new_address(self):
        return self.shop.request("POST", "/api/v1/users/me/addresses", ADDRESS, self.owner.token, new_key())["addressId"]

    def new_session(self):
        return self.shop.request("POST", "/api/v1/auth/login", {"email": self.email, "password": PASSWORD})["refreshToken"]

    def new_product(self):
        body = {"sku": access.new_text(), "name": "X", "price": {"amount": 1, "currency": "EUR"}}
        return self.shop.request("POST", "/api/v1/products", body, self.staff, new_key())["id"]

    def new_category(self):
        return self.shop.request("POST", "/api/v1/categories", {"slug": access.new_text(), "name": "X"}, self.staff, new_key())["slug"]


class WhoMayDoWhat(Scenario):
    settings = {"plugins": QUICK_CARRIER}
    audit_after = "all"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scenario = cls()
        owner, other, clerk = (scenario.customer(name) for name in ("ada", "bob", "cleo"))
        cls.shop.request("PUT", f"/api/v1/auth/users/{clerk.user_id}/roles", {"roles": ["customer", "staff"]}, cls.staff)
        emails = {person: cls.shop.request("GET", "/api/v1/auth/me", token=person.token)["email"] for person in (owner, clerk)}
        people = {"owner": owner.token, "other": other.token, "staff": cls.shop.login(emails[clerk], PASSWORD), "admin": cls.staff}
        for token in people.values():
            wait_until(lambda: raw.request(cls.shop, "GET", "/api/v1/users/me", token=token).status == 200, what="everybody has a profile")
        # Sooner, a host may be missing that serves it, and the gateway answers 503.
        wait_until(lambda: raw.request(cls.shop, "GET", "/api/v1/nothing").status == 404, what="all hosts are known")
        cls.people, cls.things = people, Things(scenario, owner, emails[owner])
        cls.forged = forgeries.Mint(owner.token, ec.generate_private_key(ec.SECP256R1())).with_claims(x=1)
        cls.asker = Asker(fleet_key(cls.fleet), [name.removesuffix("-service") for name in access.SERVICES])

    def runTest(self):
        """So that setUpClass can make one for its helpers."""

    def ask(self, shop, route, row, caller, audience):
        """What the route answers to this caller: status and slug."""
        values = {name: value if isinstance(value, str) else value(self.things) for name, value in row.path.items()}
        values.update(row.make(self.things) if row.make else {})
        path = route["path"]
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", value)
        body = row.body(self.things) if callable(row.body) else row.body
        headers = {**row.headers}
        if route.get("idempotency") == "required":
            headers["Idempotency-Key"] = new_key()
        token = self.forged if caller == "forger" else self.people.get(caller)
        if caller in access.SERVICES:
            headers["Stoa-Service-Token"] = self.asker.token(caller.removesuffix("-service"), audience)
        elif caller == "service elsewhere":
            headers["Stoa-Service-Token"] = self.asker.token("order", "another")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        method = "GET" if route["method"] == "*" else route["method"]
        return raw.request(shop, method, path + (f"?{row.query}" if row.query else ""), data, token, headers, kind=row.kind)

    @staticmethod
    def expected(row, caller, edge):
        """The answer that the row wants for them."""
        if caller == "forger":
            return 401, "token-invalid"
        if edge and caller not in (*access.PEOPLE, "nobody"):
            caller = "nobody"  # services are nobody at the edge, whatever they show
        elif caller == "service elsewhere":
            return 401, "service-token-invalid"
        if edge and not row.at_the_edge:
            return 404, "not-found"
        return row.answers.get(caller, (401, "unauthenticated") if caller == "nobody" else (403, "forbidden"))

    @staticmethod
    def fits(answer, expected):
        if isinstance(expected, tuple):
            return answer.problem == expected
        return answer.status in (expected if isinstance(expected, set) else {expected})

    def compare(self, shop, plugins, edge):
        asked, wrong = 0, []
        for (plugin, operation), route in routes().items():
            if plugin not in plugins:
                continue
            row = access.ROWS[plugin, operation]
            # A host of the outside world may not know the keys of our users' tokens, and then can't say whether one is good.
            people = () if plugin.startswith("sandbox_") else ("forger", *access.PEOPLE)
            for caller in ("nobody", *people, *access.SERVICES, "service elsewhere"):
                answer, expected = self.ask(shop, route, row, caller, plugin), self.expected(row, caller, edge)
                asked += 1
                if not self.fits(answer, expected):
                    wrong.append(f"{plugin} {operation}, asked by {caller}: {answer.status} {answer.text[:200]}, expected {expected}")
        self.assertEqual(wrong, [])
        return asked

    def hosts_by_plugin(self):
        """Where each plugin runs, but for the gateway."""
        return {plugin: host for host in self.fleet.hosts for plugin in host.plan.plugins if plugin != "gateway"}

    def test_at_the_edge(self):
        # The outside world is not asked for at our edge: whether it is in our registry is not for us to say.
        shops = ["gateway", *(plugin for plugin in self.hosts_by_plugin() if not plugin.startswith("sandbox_"))]
        self.assertGreater(self.compare(self.shop, shops, True), 600)

    def test_behind_it(self):
        asked = 0
        for plugin, host in self.hosts_by_plugin().items():
            asked += self.compare(Shop(f"http://127.0.0.1:{host.ports['internal']}"), [plugin], False)
        self.assertGreater(asked, 700)

    def test_the_gateways_routes_are_at_the_edge_alone(self):
        inside = Shop(f"http://127.0.0.1:{self.fleet.host_of('gateway').ports['internal']}")
        for (plugin, operation), route in routes().items():
            if plugin == "gateway":
                answer = self.ask(inside, route, access.ROWS[plugin, operation], "nobody", plugin)
                self.assertEqual(answer.status, 404, f"{operation}: {answer.text}")

    def test_lists_hold_what_is_ones_own(self):
        lists = ("/api/v1/orders", "/api/v1/shipments", "/api/v1/notifications", "/api/v1/users/me/addresses")
        for path in lists:
            query = f"?userId={self.things.user}" if path == "/api/v1/orders" else ""
            items = {name: self.shop.request("GET", path + (query if name != "owner" else ""), token=self.people[name])["items"]
                     for name in ("owner", "other")}
            mine = self.ids(items["owner"])
            self.assertTrue(mine, path)
            self.assertFalse(mine & self.ids(items["other"]), path)

    @staticmethod
    def ids(items):
        return {item[name] for item in items for name in ("orderId", "shipmentId", "notificationId", "addressId") if name in item}
