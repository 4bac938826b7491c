"""The shop's REST interface as its callers see it: what the demo, the replay, the benchmarks and the scenarios share.

A Shop keeps one connection per thread. Every call returns the parsed answer, or raises Refused with the problem.
"""

import http.client
import json
import threading
import time
import urllib.parse
import uuid

ADDRESS = {"name": "Ada", "line1": "1 Stoa Street", "postalCode": "10115", "city": "Berlin", "country": "DE"}
FINAL = ("COMPLETED", "CANCELLED", "REJECTED", "EXPIRED")


class Refused(Exception):
    """An answer outside 2xx."""

    def __init__(self, method, path, status, problem):
        super().__init__(f"{method} {path}: {status} {json.dumps(problem) if isinstance(problem, dict) else problem}")
        self.status, self.problem = status, problem


class Shop:
    def __init__(self, base: str, timeout: float = 30):
        self.address = urllib.parse.urlsplit(base).netloc
        self.timeout = timeout
        self.local = threading.local()

    def request(self, method, path, body=None, token=None, key=None, kind="application/json", accept=(200, 201, 202, 204),
                headers=None):
        """One request; a body that is not bytes is sent as JSON. A connection the server has closed is opened again,
        for calls that may be repeated."""
        headers = {"Accept": "application/json", **(headers or {})}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = kind
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        status, answer = self._exchange(method, path, data, headers, repeat=key is not None or method == "GET")
        if status not in accept:
            raise Refused(method, path, status, answer)
        return answer

    def _exchange(self, method, path, data, headers, repeat):
        for attempt in range(3):
            connection = getattr(self.local, "connection", None)
            fresh = connection is None
            if fresh:
                connection = self.local.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if attempt == 2 or (fresh and not repeat):
                    raise
        if answer.will_close:
            self.local.connection = None
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(text) if text and is_json else text.decode(errors="replace")

    # What people do.

    def register(self, email, password):
        return self.request("POST", "/api/v1/auth/register", {"email": email, "password": password}, key=new_key())

    def login(self, email, password) -> str:
        """The access token."""
        return self.request("POST", "/api/v1/auth/login", {"email": email, "password": password})["accessToken"]

    def products(self):
        """Every product, page by page."""
        cursor = None
        while True:
            query = {"limit": 100, **({"cursor": cursor} if cursor else {})}
            page = self.request("GET", "/api/v1/products?" + urllib.parse.urlencode(query))
            yield from page["items"]
            cursor = page.get("nextCursor")
            if not cursor:
                return

    def import_products(self, token, products):
        """Products as JSON lines; every row must be taken."""
        lines = "".join(json.dumps(product, ensure_ascii=False) + "\n" for product in products)
        report = self.request("POST", "/api/v1/products/import", lines.encode(), token, kind="application/x-ndjson")
        if report.get("rejected"):
            raise Refused("POST", "/api/v1/products/import", 200, report)
        return report

    def receive(self, token, product, quantity, reference, key=None):
        body = {"quantity": quantity, "reference": reference}
        return self.request("POST", f"/api/v1/inventory/{product}/receive", body, token, key or new_key())

    def place_order(self, token, lines, total, payment_token="tok_ok", key=None, address=ADDRESS):
        """lines: [(product id, quantity)]; total in minor units."""
        body = {"lines": [{"productId": product, "quantity": quantity} for product, quantity in lines],
                "expectedTotal": {"amount": total, "currency": "EUR"}, "paymentToken": payment_token,
                "shippingAddress": address}
        return self.request("POST", "/api/v1/orders", body, token, key or new_key())

    def order(self, token, order_id):
        return self.request("GET", f"/api/v1/orders/{order_id}", token=token)

    def timeline(self, token, order_id):
        return self.request("GET", f"/api/v1/orders/{order_id}/timeline", token=token)["items"]

    def wait_for_order(self, token, order_id, done, seconds=60):
        """Asks until done(order) holds, or the order has come to an end otherwise."""
        end = time.monotonic() + seconds
        while True:
            order = self.order(token, order_id)
            if done(order):
                return order
            if order["status"] in FINAL or time.monotonic() > end:
                raise TimeoutError(f"order {order_id} did not get there: {json.dumps(order)}")
            time.sleep(0.05)


def delivered(order) -> bool:
    return order["fulfillmentStatus"] == "DELIVERED"


def new_key() -> str:
    return str(uuid.uuid4())


def retried(call, seconds=30, also=()):
    """Repeats a call that was refused for the moment (429, 503, or a profile that has not arrived yet), or with one of
    the statuses `also`."""
    end = time.monotonic() + seconds
    while True:
        try:
            return call()
        except Refused as refused:
            if refused.status not in (429, 503, *also) or time.monotonic() > end:
                raise
        time.sleep(0.1)
