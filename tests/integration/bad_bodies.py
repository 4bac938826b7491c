"""What cannot be understood or must not be is refused with a clear problem, and nothing of it is kept."""

import json
import uuid

from shop import ADDRESS, delivered, new_key
from support import raw
from support.scenario import Scenario
from waiting import wait_until


class BadBodies(Scenario):
    audit_after = "all"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scenario = cls()
        cls.ada, cls.bread = scenario.customer("ada"), scenario.product(stock=5)
        cls.first = cls.ada.buy([(cls.bread, 1)])["orderId"]
        cls.ada.wait(cls.first, delivered)

    def runTest(self):
        """So that setUpClass can make one for its helpers."""

    def tearDown(self):
        mine = self.shop.request("GET", "/api/v1/orders", token=self.ada.token)["items"]
        self.assertEqual([order["orderId"] for order in mine], [self.first], "a refused order was kept")
        super().tearDown()

    def good(self, **changes):
        return {"lines": [{"productId": self.bread.id, "quantity": 1}], "paymentToken": "tok_ok", "shippingAddress": ADDRESS,
                "expectedTotal": {"amount": self.bread.price, "currency": "EUR"}, **changes}

    def order(self, body, token=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return raw.request(self.shop, "POST", "/api/v1/orders", data, token or self.ada.token, {"Idempotency-Key": new_key()})

    def assert_invalid(self, body, field):
        """400 invalid-body, and `errors` name the field."""
        answer = self.order(body)
        self.assertEqual(answer.problem, (400, "invalid-body"), answer.text)
        self.assertIn(field, [error["field"] for error in answer.json["errors"]], answer.text)
        self.assertTrue(all(error["why"] for error in answer.json["errors"]))

    def test_what_is_not_json(self):
        for body in (b"lines=1", b"{", b'{"lines": [}', b"{} {}", b"'single'", b'{"lines": [1,]}', b'{"a": NaN}', b"// no\n{}"):
            self.assertEqual(self.order(body).problem, (400, "invalid-json"), body)

    def test_no_body_at_all(self):
        answer = raw.request(self.shop, "POST", "/api/v1/orders", None, self.ada.token, {"Idempotency-Key": new_key()})
        self.assertEqual(answer.problem, (400, "body-missing"))

    def test_a_key_that_comes_twice(self):
        text = json.dumps(self.good())
        answer = self.order((text[:-1] + ', "paymentToken": "tok_other"}').encode())
        self.assertEqual(answer.problem, (400, "invalid-json"))
        self.assertIn("paymentToken", answer.json["detail"])

    def test_wrong_types(self):
        self.assert_invalid(self.good(lines="bread"), "/lines")
        self.assert_invalid(self.good(paymentToken=7), "/paymentToken")
        self.assert_invalid(self.good(lines=[{"productId": self.bread.id, "quantity": "1"}]), "/lines/0/quantity")
        self.assert_invalid(self.good(lines=[{"productId": self.bread.id, "quantity": 1.5}]), "/lines/0/quantity")
        self.assert_invalid(self.good(lines=[{"productId": "not an id", "quantity": 1}]), "/lines/0/productId")
        self.assert_invalid([], "")

    def test_unknown_and_missing_fields(self):
        self.assert_invalid(self.good(discount=100), "/discount")
        body = self.good()
        del body["shippingAddress"]
        self.assert_invalid(body, "/shippingAddress")

    def test_what_is_nested_too_deeply(self):
        answer = self.order(b'{"lines": ' + b"[" * 65 + b"]" * 65 + b"}")
        self.assertEqual(answer.problem, (400, "invalid-json"))
        self.assertIn("64", answer.json["detail"])

    def test_what_is_too_large(self):
        answer = self.order(b'{"paymentToken": "' + b"x" * (1 << 20) + b'"}')
        self.assertEqual(answer.problem, (413, "body-too-large"))

    def test_text_that_is_not_utf8(self):
        text = json.dumps(self.good()).encode().replace(b"tok_ok", b"tok\xc3\x28ok")
        self.assertEqual(self.order(text).problem, (400, "invalid-json"))

    def test_numbers_beyond_int64(self):
        text = json.dumps(self.good()).replace('"quantity": 1', '"quantity": 9223372036854775808')
        self.assertIn(self.order(text.encode()).problem, ((400, "invalid-json"), (400, "invalid-body")))
        text = json.dumps(self.good()).replace('"quantity": 1', '"quantity": 1e400')
        self.assertEqual(self.order(text.encode()).problem, (400, "invalid-json"))

    def test_quantities_of_nothing_or_less(self):
        for quantity in (0, -1, -9223372036854775808):
            self.assert_invalid(self.good(lines=[{"productId": self.bread.id, "quantity": quantity}]), "/lines/0/quantity")

    def test_no_lines_or_more_than_200(self):
        self.assert_invalid(self.good(lines=[]), "/lines")
        self.assert_invalid(self.good(lines=[{"productId": self.bread.id, "quantity": 1}] * 201), "/lines")

    def test_another_currency(self):
        answer = self.order(self.good(expectedTotal={"amount": self.bread.price, "currency": "USD"}))
        self.assertEqual(answer.problem, (409, "price-changed"))
        self.assertEqual(answer.json["total"], {"amount": self.bread.price, "currency": "EUR"})

    def test_an_unknown_product(self):
        nowhere = str(uuid.uuid4())
        answer = self.order(self.good(lines=[{"productId": nowhere, "quantity": 1}]))
        self.assertEqual(answer.problem, (422, "product-not-available"))
        self.assertIn("/lines/0", answer.text)

    def test_somebody_elses_order_is_not_there(self):
        bob = self.customer("bob")
        for method, path in (("GET", ""), ("GET", "/timeline"), ("POST", "/cancel")):
            answer = raw.request(self.shop, method, f"/api/v1/orders/{self.first}{path}", None, bob.token)
            self.assertEqual(answer.problem, (404, "not-found"), path)
        body = json.dumps({"paymentToken": "tok_ok"}).encode()
        answer = raw.request(self.shop, "POST", f"/api/v1/orders/{self.first}/pay", body, bob.token, {"Idempotency-Key": new_key()})
        self.assertEqual(answer.problem, (404, "not-found"))

    def test_another_content_type(self):
        answer = raw.request(self.shop, "POST", "/api/v1/orders", b"<order/>", self.ada.token, {"Idempotency-Key": new_key()}, kind="text/xml")
        self.assertEqual(answer.problem, (415, "unsupported-media-type"))

    def test_a_method_or_path_that_is_not_there(self):
        answer = raw.request(self.shop, "PUT", "/api/v1/orders", b"{}", self.ada.token)
        self.assertEqual(answer.status, 405)
        self.assertLessEqual({"GET", "POST"}, set(answer.headers["Allow"].replace(" ", "").split(",")))
        # Sooner, a host may be missing that serves it.
        answer = wait_until(lambda: (found := raw.request(self.shop, "GET", "/api/v1/nothing")).status != 503 and found, what="all hosts are known")
        self.assertEqual(answer.status, 404)

    def test_parameters_that_make_no_sense(self):
        for query in ("limit=0", "limit=many", "limit=101", "cursor=%00", "cursor=made-up", "status=LOST", "limit=%zz"):
            answer = raw.request(self.shop, "GET", f"/api/v1/orders?{query}", token=self.ada.token)
            self.assertEqual(answer.status, 400, f"{query}: {answer.text}")
        self.assertEqual(raw.request(self.shop, "GET", "/api/v1/orders/not-an-id", token=self.ada.token).status, 400)

    def test_an_import_takes_the_good_rows_and_reports_the_bad_ones(self):
        good = {"sku": f"row-{uuid.uuid4().hex[:8]}", "name": "Good", "price": {"amount": 100, "currency": "EUR"}}
        rows = [json.dumps(good), "not json", json.dumps({**good, "sku": "bad-price", "price": {"amount": 0, "currency": "EUR"}}),
                json.dumps({**good, "sku": "bad-money", "price": {"amount": 5, "currency": "USD"}}), json.dumps({"sku": "no-name"})]
        report = self.shop.request("POST", "/api/v1/products/import", "\n".join(rows).encode(), self.staff, kind="application/x-ndjson")
        self.assertEqual((report["created"], report["rejected"]), (1, 4), report)
        self.assertEqual([row["line"] for row in report["rows"]], [2, 3, 4, 5])
        self.assertTrue(all(row["why"] for row in report["rows"]))

    def test_an_import_larger_than_other_bodies_streams(self):
        rows = [json.dumps({"sku": "large", "name": "Large", "description": "x" * 3000, "price": {"amount": 100, "currency": "EUR"}})] * 800
        report = self.shop.request("POST", "/api/v1/products/import", "\n".join(rows).encode(), self.staff, kind="application/x-ndjson")
        self.assertEqual(report["rejected"], 0, report)
