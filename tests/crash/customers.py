"""Customers of a shop whose host dies again and again: each request has a key, and is repeated with it until it is answered."""

import http.client
import random
import threading
import uuid
from dataclasses import dataclass, field

from shop import ADDRESS, Refused, new_key

SOON = 0.5  # seconds until what was not answered is asked again
PASSWORD = "a long password"
COMPLETED, REJECTED, REFUSED = "COMPLETED", "REJECTED", "REFUSED"


@dataclass(frozen=True)
class Kind:
    name: str
    payment_token: str = "tok_ok"
    ends: tuple = (COMPLETED,)
    cancelled: bool = False
    total_is_wrong: bool = False


CANCELLED = ("CANCELLED", COMPLETED)  # whoever cancels may come too late
PLAIN = Kind("plain")
WRONG_TOTAL = Kind("wrong total", ends=(REFUSED,), total_is_wrong=True)
SLOW = Kind("cancelled, provider is slow", "tok_slow", CANCELLED, cancelled=True)
KINDS = [PLAIN, Kind("cancelled", ends=CANCELLED, cancelled=True), PLAIN, Kind("declined", "tok_declined", (REJECTED,)), PLAIN,
         Kind("provider says 503 after approval", "tok_error_approved"), PLAIN, WRONG_TOTAL,
         Kind("provider says 503 after capture", "tok_capture_error"), PLAIN, SLOW,
         Kind("provider says 503 after undoing", "tok_undo_error", CANCELLED, cancelled=True)]


@dataclass(eq=False)
class Order:
    kind: Kind
    person: "Person"
    body: dict
    key: str = field(default_factory=new_key)
    answers: list = field(default_factory=list)
    deaths: set = field(default_factory=set)  # numbers of those after which it was asked again

    @property
    def id(self):
        """Of the order that was made; None when it was refused."""
        return self.answers[0] if self.answers and isinstance(self.answers[0], str) else None


class Person:
    def __init__(self):
        self.email, self.key, self.token, self.ready = f"crash-{uuid.uuid4().hex}@example.com", new_key(), None, False


class Customers:
    def __init__(self, shop, crowd, product, staff):
        self.shop, self.crowd, self.product, self.staff = shop, crowd, product, staff
        self.lock, self.orders, self.open, self.last, self.unclear = threading.Lock(), [], set(), None, []
        self.people = [Person() for _ in range(4)]

    def order(self, kind=None, new=False):
        """Somebody wants to buy; every eighth is new here."""
        with self.lock:
            number = len(self.orders)
            person = Person() if new or number % 8 == 7 else self.people[number % len(self.people)]
            kind = kind or KINDS[number % len(KINDS)]
            order = Order(kind, person, self._body(kind))
            self.orders.append(order)
        self.crowd.add(lambda: self._join(person) or self._place(order))

    def restock(self):
        """Staff receive one more of the product, and add another one."""
        reference = f"crash-{uuid.uuid4().hex}"
        self.crowd.add(lambda: self._done("POST", f"/api/v1/inventory/{self.product.id}/receive", {"quantity": 1, "reference": reference},
                                          self.staff, reference))
        other = {"sku": reference, "name": "Rye bread", "price": {"amount": 300, "currency": "EUR"}}
        self.crowd.add(lambda: self._done("POST", "/api/v1/products", other, self.staff, reference))

    def died(self, number):
        """The host has died: what was under way is asked again, and so is what was answered last."""
        with self.lock:
            for order in self.open:
                order.deaths.add(number)
            last = self.last
        if last:
            self.crowd.add(lambda: self._repeat(last, number))

    def asked_again_after(self, number) -> int:
        return sum(number in order.deaths for order in self.orders)

    def _body(self, kind):
        amount = 1 if kind.total_is_wrong else self.product.price
        return {"lines": [{"productId": self.product.id, "quantity": 1}], "expectedTotal": {"amount": amount, "currency": "EUR"},
                "paymentToken": kind.payment_token, "shippingAddress": ADDRESS}

    def _join(self, person):
        """Registers, logs in, and waits for the profile, without which order's refusal would stand; None once that is done."""
        if person.ready:
            return None
        body = {"email": person.email, "password": PASSWORD}
        account = self._accepted("POST", "/api/v1/auth/register", body, key=person.key)
        session = account and self._accepted("POST", "/api/v1/auth/login", body)
        if not session:
            return SOON
        person.token = session["accessToken"]
        person.ready = isinstance(self.ask("GET", f"/api/v1/users/{account['userId']}", None, person.token), dict)
        return None if person.ready else SOON

    def _accepted(self, *request, **how):
        """The answer, or None as long as there is none; it may not be refused."""
        answer = self.ask(*request, **how)
        if isinstance(answer, tuple):
            raise AssertionError(f"{request[0]} {request[1]} {how.get('key', '')} was refused: {answer}")
        return answer

    def _done(self, *request, **how):
        return SOON if self._accepted(*request, **how) is None else None

    def _place(self, order):
        with self.lock:
            self.open.add(order)
        answer = self._answer_for(order)
        if answer is None:
            return SOON
        with self.lock:
            self.open.discard(order)
            order.answers.append(answer)
            self.last = order
        self.crowd.add(lambda: self._repeat(order), random.uniform(0, 3))
        if order.kind.cancelled and order.id:
            self.crowd.add(lambda: self._cancel(order))
        return None

    def _repeat(self, order, death=None):
        answer = self._answer_for(order)
        if answer is None:
            return SOON
        with self.lock:
            order.answers.append(answer)
            if death is not None:
                order.deaths.add(death)
        return None

    def _answer_for(self, order):
        """The order's id, or (status, type) of a refusal; None: not answered."""
        answer = self.ask("POST", "/api/v1/orders", order.body, order.person.token, order.key)
        return answer["orderId"] if isinstance(answer, dict) else answer

    def _cancel(self, order):
        return SOON if self.ask("POST", f"/api/v1/orders/{order.id}/cancel", None, order.person.token) is None else None

    def once(self, method, path, body):
        """Without a key: not sent again, also not when a kept connection turns out to be closed."""
        self.shop.local.connection = None
        self.ask(method, path, body)

    def ask(self, method, path, body, token=None, key=None):
        """The answer, (status, type) of a refusal, or None when it says nothing of the request."""
        try:
            return self.shop.request(method, path, body, token, key) or {}
        except Refused as refused:
            kind = refused.problem.get("type", "") if isinstance(refused.problem, dict) else str(refused.problem)
            if refused.status >= 500 or refused.status == 429 or kind.endswith(":request-in-progress"):
                if refused.status == 500:
                    self.unclear.append(str(refused))
                return None
            return refused.status, kind
        except (OSError, http.client.HTTPException):
            return None
