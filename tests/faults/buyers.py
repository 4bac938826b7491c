"""Customers who buy all the while, and what they were answered."""

import json
import time
from collections import Counter
from functools import partial

from shop import ADDRESS, new_key
from support import raw
from support.load import Load
from waiting import wait_until

PATIENCE = 120  # seconds until an order that is refused for the moment has to be accepted
AGAIN = 0.25    # seconds until it is asked for again


class Buyers(Load):
    """Each customer places one order after the other. An order that is refused for the moment is asked for again with its
    key until it is accepted, as a good client does; every other answer is a failure."""

    def __init__(self, scenario, product, count=4, pause=0.3, also=()):
        """`also`: refusals beside 503 that are to be expected."""
        self.scenario, self.product, self.pause, self.also = scenario, product, pause, also
        self.customers = [scenario.customer().known() for _ in range(count)]
        self.accepted = []         # (customer, order id)
        self.answers = Counter()   # of status and problem
        self.slowest = 0.0         # seconds until an answer came
        super().__init__([partial(self._buy, customer) for customer in self.customers])

    def _buy(self, customer):
        key, end = new_key(), time.monotonic() + PATIENCE
        while not self._ask(customer, key):  # also when nobody is to buy any more: what is left unclear is asked for
            if time.monotonic() > end:
                raise TimeoutError(f"key {key} was not accepted within {PATIENCE} s: {dict(self.answers)}")
            time.sleep(AGAIN)
        self.stopped.wait(self.pause)

    def _ask(self, customer, key) -> bool:
        """Whether the order is accepted."""
        begin = time.monotonic()
        try:
            answer = self._post(customer, key)
        except OSError as error:
            self.failures.append(f"no answer after {time.monotonic() - begin:.1f} s: {error!r}")
            return False
        self.slowest = max(self.slowest, time.monotonic() - begin)
        if answer.status == 202:
            self.answers[202] += 1
            order = answer.json["orderId"]
            self.scenario.acknowledged.add(order)
            self.accepted.append((customer, order))
            return True
        status, problem = answer.problem
        self.answers[f"{status} {problem}"] += 1
        passing = status == 503 or (status, problem) == (409, "request-in-progress")
        clear = passing and "Retry-After" in answer.headers or f"{status} {problem}" in self.also
        if not clear or not answer.json.get("detail"):
            self.failures.append(f"not a clear refusal: {answer.status} {answer.headers} {answer.text}")
        return False

    def _post(self, customer, key):
        body = {"lines": [{"productId": self.product.id, "quantity": 1}], "paymentToken": "tok_ok", "shippingAddress": ADDRESS,
                "expectedTotal": {"amount": self.product.price, "currency": "EUR"}}
        return raw.request(customer.shop, "POST", "/api/v1/orders", json.dumps(body).encode(), customer.token, {"Idempotency-Key": key})

    def wait_for_more(self, count=8):
        """Until so many more orders are accepted."""
        wanted = len(self.accepted) + count
        wait_until(lambda: len(self.accepted) >= wanted or self.failures, 120, f"{count} more orders are accepted: {self.answers}")
