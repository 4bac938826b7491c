"""Requests that no well-behaved client sends, and answers with everything that came."""

import http.client
import json


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers = status, headers
        self.text = body.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def problem(self) -> tuple:
        """Status, slug of the problem's type, and content type."""
        is_problem = self.headers.get("Content-Type") == "application/problem+json"
        return self.status, self.json["type"].removeprefix("urn:stoa:problem:") if is_problem else self.text


def request(shop, method, path, body=None, token=None, headers=None, kind="application/json") -> Answer:
    """One request on a connection of its own; the body is bytes."""
    connection = http.client.HTTPConnection(shop.address, timeout=30)
    try:
        sent = {**({"Content-Type": kind} if body is not None else {}), **({"Authorization": f"Bearer {token}"} if token else {}),
                **(headers or {})}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()
