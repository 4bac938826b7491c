"""What scenarios share: a fleet per class, customers, products, and waiting for conditions."""

import json
import subprocess
import unittest
import uuid

import accounts
import stores
from audit.auditor import settle
from fleet import Fleet
from shop import ADDRESS, FINAL, Refused, Shop, new_key, retried
from support import surroundings
from topology import merged
from waiting import wait_until


# For scenarios that end with the parcel at the door and don't need the time until then.
QUICK_CARRIER = {"sandbox_carrier": {"settings": {"pickupMs": 50, "deliverMs": 50}}}


class Customer:
    def __init__(self, scenario, name=None):
        self.shop, self.acknowledged = scenario.shop, scenario.acknowledged
        email = f"{name or 'customer'}-{uuid.uuid4().hex[:12]}@example.com"
        self.user_id = retried(lambda: self.shop.register(email, "a long password"))["userId"]
        self.token = retried(lambda: self.shop.login(email, "a long password"))

    def buy(self, lines, payment_token="tok_ok", key=None, total=None, also=()):
        """lines: [(product, quantity)]; the total is what the products cost unless it is given. Asks again when it is refused
        for the moment, or with one of the statuses `also`. Returns the order."""
        amount = sum(product.price * quantity for product, quantity in lines) if total is None else total
        key = key or new_key()
        order = retried(lambda: self.shop.place_order(
            self.token, [(product.id, quantity) for product, quantity in lines], amount, payment_token, key), also=also)
        self.acknowledged.add(order["orderId"])
        return order

    def known(self):
        """Itself, once the profile is there, without which nobody can buy. Whoever asks before is refused, and many who do make
        order look broken."""
        wait_until(lambda: self._has_profile(), what="the profile is there")
        return self

    def _has_profile(self):
        try:
            return self.shop.request("GET", f"/api/v1/users/{self.user_id}", token=self.token)
        except Refused as refused:
            if refused.status not in (404, 503):
                raise
            return None

    def order(self, order_id):
        return self.shop.order(self.token, order_id)

    def cancel(self, order_id):
        return self.shop.request("POST", f"/api/v1/orders/{order_id}/cancel", None, self.token)

    def pay(self, order_id, payment_token):
        return self.shop.request("POST", f"/api/v1/orders/{order_id}/pay", {"paymentToken": payment_token}, self.token, new_key())

    def timeline(self, order_id):
        return [entry["type"] for entry in self.shop.timeline(self.token, order_id)]

    def wait(self, order_id, done, seconds=60):
        return self.shop.wait_for_order(self.token, order_id, done, seconds)

    def at_rest(self, order_id, seconds=60):
        """The order once nothing more will happen to it by itself."""
        return self.wait(order_id, lambda order: order["status"] in FINAL, seconds)


class Product:
    def __init__(self, product_id, sku, price):
        self.id, self.sku, self.price = product_id, sku, price


class Scenario(unittest.TestCase):
    """Derive from it; `settings` is laid over every host's configuration, `plugins` run beside the gateway."""

    settings = {}
    plugins = []
    audit_after = "each"  # scenario, or "all" of the class, or "never" when there is no whole shop
    audit_without = ()    # numbers of invariants (tests/audit) that the scenarios break on purpose
    audit_seconds = 90    # until everything has come to rest

    @classmethod
    def setUpClass(cls):
        run = surroundings.run / cls.__name__
        cls.fleet = Fleet(run, surroundings.topology, surroundings.build)
        cls.fleet.host_of("gateway").plan.plugins.extend(cls.plugins)
        cls.store = stores.Embedded() if surroundings.stores == "embedded" else stores.Servers(f"scenario_{cls.__name__.lower()}")
        named = [plugin for host in cls.fleet.hosts for plugin in host.plan.plugins if plugin != "gateway"]
        cls.fleet.override = merged(cls.store.override(named), cls.settings)
        cls.acknowledged = set()  # orders that a customer was told of
        try:
            cls.prepare()
            cls.fleet.start()
            cls.fleet.wait_until_ready()
            cls.shop = Shop(cls.fleet.gateway)
            cls.staff = accounts.staff_token(cls.shop, cls.fleet)
        except BaseException:
            cls._stop(10)
            raise

    @classmethod
    def prepare(cls):
        """What a class changes of its fleet before that starts."""

    @classmethod
    def _stop(cls, *seconds):
        codes = cls.fleet.stop(*seconds)
        cls.store.remove(surroundings.build)
        return codes

    @classmethod
    def tearDownClass(cls):
        findings = cls.audit() if cls.audit_after == "all" else []
        codes = cls._stop()
        assert not findings, "the auditor found:\n" + "\n".join(findings)
        assert not any(codes.values()), f"hosts did not drain to exit code 0: {codes}; logs in {cls.fleet.run}"

    def tearDown(self):
        if self.audit_after == "each":
            findings = self.audit()
            self.assertFalse(findings, "the auditor found:\n" + "\n".join(findings))

    @classmethod
    def audit(cls) -> list:
        """What does not agree in the stores once everything has come to rest, a line each."""
        return settle(cls.fleet.run, cls.audit_seconds, cls.acknowledged, cls.audit_without).lines()

    def query(self, plugin, statement):
        return self.store.query(self.fleet, plugin, statement)

    def customer(self, name=None) -> Customer:
        return Customer(self, name)

    def product(self, price=250, stock=10) -> Product:
        sku = f"p-{uuid.uuid4().hex[:12]}"
        body = {"sku": sku, "name": f"Product {sku}", "price": {"amount": price, "currency": "EUR"}}
        made = self.shop.request("POST", "/api/v1/products", body, self.staff, new_key())
        if stock:
            self.shop.receive(self.staff, made["id"], stock, "delivery")
        return Product(made["id"], sku, price)

    def stock(self, product):
        return self.shop.request("GET", f"/api/v1/inventory/{product.id}/stock")

    def assert_stock(self, product, on_hand, reserved=0):
        """Waits: stock follows the order by events."""
        try:
            wait_until(lambda: self._held(product) == (on_hand, reserved), 20)
        except TimeoutError:
            self.assertEqual(self._held(product), (on_hand, reserved), "(on hand, reserved)")

    def _held(self, product):
        found = self.stock(product)
        return found["onHand"], found["reserved"]

    def assert_refused(self, call, status, slug):
        """The call is refused with this status and problem type; returns the problem."""
        with self.assertRaises(Refused) as caught:
            call()
        self.assertEqual((caught.exception.status, caught.exception.problem.get("type")), (status, f"urn:stoa:problem:{slug}"),
                         str(caught.exception))
        return caught.exception.problem

    def stoactl(self, *words, host="gateway", code=0):
        """The JSON that stoactl prints for the host that runs this plugin."""
        socket = self.fleet.host_of(host).socket
        done = subprocess.run([surroundings.stoactl_program(), f"--socket={socket}", "--json", *words], capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None
