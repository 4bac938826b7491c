"""A request that comes twice has one effect and one answer: at once, later, and not when it is another request."""

import json
from concurrent.futures import ThreadPoolExecutor

from shop import ADDRESS, delivered, new_key
from support import raw
from support.scenario import QUICK_CARRIER, Scenario


class RepeatedRequests(Scenario):
    settings = {"plugins": QUICK_CARRIER}

    def body(self, product, quantity=1):
        return {"lines": [{"productId": product.id, "quantity": quantity}], "paymentToken": "tok_ok", "shippingAddress": ADDRESS,
                "expectedTotal": {"amount": product.price * quantity, "currency": "EUR"}}

    def post(self, person, body, key):
        return raw.request(self.shop, "POST", "/api/v1/orders", json.dumps(body).encode(), person.token, {"Idempotency-Key": key})

    def ready(self):
        """A customer whose profile is there, and a product."""
        person, product = self.customer(), self.product(stock=20)
        person.wait(person.buy([(product, 1)])["orderId"], delivered)
        return person, product

    def orders_of(self, person):
        return self.shop.request("GET", "/api/v1/orders", token=person.token)["items"]

    def test_later_the_first_answer_comes_again(self):
        ada, bread = self.ready()
        key, body = new_key(), self.body(bread)
        first, again = self.post(ada, body, key), self.post(ada, body, key)
        self.assertEqual((first.status, again.status), (202, 202), first.text + again.text)
        self.assertEqual(first.json, again.json)
        self.assertEqual((first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")), (None, "true"))
        self.assertEqual(len(self.orders_of(ada)), 2)
        ada.at_rest(first.json["orderId"])

    def test_at_once_one_order_is_made(self):
        ada, bread = self.ready()
        key, body = new_key(), self.body(bread)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.post(ada, body, key), range(8)))
        kinds = {(answer.status, answer.json.get("type")) for answer in answers}
        self.assertLessEqual(kinds, {(202, None), (409, "urn:stoa:problem:request-in-progress")}, kinds)
        made = {answer.json["orderId"] for answer in answers if answer.status == 202}
        self.assertEqual(len(made), 1)
        for answer in answers:
            if answer.status == 409:
                self.assertIsNotNone(answer.headers.get("Retry-After"))
        self.assertEqual(len(self.orders_of(ada)), 2)
        ada.at_rest(made.pop())

    def test_another_body_with_the_same_key_is_refused(self):
        ada, bread = self.ready()
        key = new_key()
        first = self.post(ada, self.body(bread), key)
        other = self.post(ada, self.body(bread, quantity=2), key)
        self.assertEqual((other.status, other.json["type"]), (422, "urn:stoa:problem:idempotency-key-reused"))
        self.assertEqual(len(self.orders_of(ada)), 2)
        ada.at_rest(first.json["orderId"])

    def test_at_once_with_other_bodies_one_of_them_is_taken(self):
        ada, bread = self.ready()
        key = new_key()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda quantity: self.post(ada, self.body(bread, quantity), key), (1, 2, 3, 4)))
        taken = [answer for answer in answers if answer.status == 202]
        self.assertEqual(len(taken), 1, [answer.text for answer in answers])
        for answer in answers:
            if answer.status != 202:
                self.assertIn(answer.problem, ((422, "idempotency-key-reused"), (409, "request-in-progress")), answer.text)
        self.assertEqual(len(self.orders_of(ada)), 2)
        ada.at_rest(taken[0].json["orderId"])

    def test_the_same_key_of_another_customer_is_another_key(self):
        ada, bread = self.ready()
        bob, _ = self.ready()
        key = new_key()
        first, second = self.post(ada, self.body(bread), key), self.post(bob, self.body(bread), key)
        self.assertEqual((first.status, second.status), (202, 202), second.text)
        self.assertNotEqual(first.json["orderId"], second.json["orderId"])
        ada.at_rest(first.json["orderId"])
        bob.at_rest(second.json["orderId"])

    def test_a_refusal_is_remembered_as_well(self):
        ada, bread = self.ready()
        key, body = new_key(), {**self.body(bread), "expectedTotal": {"amount": 1, "currency": "EUR"}}
        first, again = self.post(ada, body, key), self.post(ada, body, key)
        self.assertEqual((first.status, again.status, again.headers.get("Idempotent-Replayed")), (409, 409, "true"))

    def test_an_order_without_a_key_is_refused(self):
        ada, bread = self.ready()
        answer = raw.request(self.shop, "POST", "/api/v1/orders", json.dumps(self.body(bread)).encode(), ada.token)
        self.assertEqual((answer.status, answer.json["type"]), (400, "urn:stoa:problem:idempotency-key-missing"))

    def test_one_cart_becomes_one_order(self):
        ada, bread = self.ready()
        body = {**self.body(bread), "cartId": new_key()}
        first, second = self.post(ada, body, new_key()), self.post(ada, body, new_key())
        self.assertEqual((first.status, second.status, second.json["type"]), (202, 409, "urn:stoa:problem:cart-ordered"))
        ada.at_rest(first.json["orderId"])
