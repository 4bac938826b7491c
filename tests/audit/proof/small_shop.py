"""A small shop with an order of every kind: delivered, declined, cancelled before and after the money was taken."""

import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "fleet"))

import accounts
import stores
from fleet import Fleet
from shop import FINAL, Shop, delivered, new_key, retried
from waiting import wait_until

# The parcel waits long enough for a cancellation to come before it.
SETTINGS = {"plugins": {"sandbox_carrier": {"settings": {"pickupMs": 3000, "deliverMs": 500}},
                        "order": {"settings": {"compensationSeconds": 1}}}}


class SmallShop:
    """Runs in `run`; `trade` fills it, and what is there afterwards stays when it is closed."""

    def __init__(self, run: Path, build: Path):
        self.fleet = Fleet(run, "all-in-one", build, override=SETTINGS)

    def __enter__(self):
        self.fleet.start()
        self.fleet.wait_until_ready()
        self.shop = Shop(self.fleet.gateway)
        self.staff = accounts.staff_token(self.shop, self.fleet)
        return self

    def __exit__(self, kind, *_):
        codes = self.fleet.stop()
        if kind is None and any(codes.values()):
            raise AssertionError(f"hosts did not drain to exit code 0: {codes}; logs in {self.fleet.run}")

    def trade(self) -> dict:
        """Kind of order → its id, once all have come to rest."""
        self.bread, self.milk = self.product(250), self.product(99)
        ada, bob = self.customer(), self.customer()
        orders = {"cancelled": (bob, self.buy(bob)), "delivered": (ada, self.buy(ada)), "declined": (ada, self.buy(ada, "tok_declined")),
                  "voided": (bob, self.buy(bob, "tok_slow"))}
        self.wait_until_asked(bob, orders["voided"][1])
        self.cancel(bob, orders["voided"][1])
        self.shop.wait_for_order(bob, orders["cancelled"][1], lambda order: order["status"] == "CONFIRMED")
        self.cancel(bob, orders["cancelled"][1])
        self.shop.wait_for_order(ada, orders["delivered"][1], delivered)
        for token, order in orders.values():
            self.shop.wait_for_order(token, order, lambda order: order["status"] in FINAL)
        return {kind: order for kind, (_, order) in orders.items()}

    def product(self, price) -> tuple:
        body = {"sku": f"p-{uuid.uuid4().hex[:8]}", "name": "Food", "price": {"amount": price, "currency": "EUR"}}
        made = self.shop.request("POST", "/api/v1/products", body, self.staff, new_key())
        self.shop.receive(self.staff, made["id"], 50, "delivery")
        return made["id"], price

    def customer(self) -> str:
        """The access token; its session was refreshed once."""
        account = {"email": f"{uuid.uuid4().hex[:12]}@example.com", "password": "a long password"}
        retried(lambda: self.shop.register(**account))
        session = retried(lambda: self.shop.request("POST", "/api/v1/auth/login", account))
        again = self.shop.request("POST", "/api/v1/auth/refresh", {"refreshToken": session["refreshToken"]})
        return again["accessToken"]

    def buy(self, token, payment_token="tok_ok") -> str:
        lines = [(*self.bread, 2), (*self.milk, 3)]
        total = sum(price * quantity for _, price, quantity in lines)
        return retried(lambda: self.shop.place_order(token, [(product, quantity) for product, _, quantity in lines], total, payment_token))["orderId"]

    def wait_until_asked(self, token, order):
        """Until the provider thinks about the payment: cancelled any sooner, nothing would ever be authorised."""
        payment = self.shop.order(token, order)["paymentId"]
        asked = f"select 1 from psp_payments where reference = '{payment}'"
        wait_until(lambda: stores.Embedded().query(self.fleet, "sandbox_psp", asked), what=f"the provider is asked for payment {payment}")

    def cancel(self, token, order):
        self.shop.request("POST", f"/api/v1/orders/{order}/cancel", None, token)
