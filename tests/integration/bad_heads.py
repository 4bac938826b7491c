"""Heads of requests that make no sense, at each listener of a real host: a clear problem, the connection closed, nothing handed
on, and the next one is served."""

import socket
from contextlib import closing

from support import raw
from support.scenario import Scenario

GOOD = {"edge": "/api/v1/products", "internal": "/api/v1/products", "ops": "/livez"}


def head(*lines, method="GET", path="/", version="HTTP/1.1", host="Host: shop") -> bytes:
    return "\r\n".join([f"{method} {path} {version}", *([host] if host else []), *lines, "", ""]).encode()


def bad_heads(path) -> dict:
    """By what is wrong: the bytes, and the statuses that say so."""
    post = {"method": "POST", "path": path}
    return {
        "no Host": (head(path=path, host=None), {400}),
        "two Hosts": (head("Host: other", path=path), {400}),
        "the same Host twice": (head("Host: shop", path=path), {400}),
        "Host with a space": (head(path=path, host="Host: a b"), {400}),
        "Host with a user": (head(path=path, host="Host: a@b"), {400}),
        **{f"Content-Length {value or 'empty'}": (head(f"Content-Length: {value}", **post) + b"{}", {400})
           for value in ("-1", "+2", "0x2", "2 2", "2, 2", "two", "", "99999999999999999999999")},
        "Content-Length twice": (head("Content-Length: 2", "Content-Length: 2", **post) + b"{}", {400}),
        "two Content-Lengths": (head("Content-Length: 2", "Content-Length: 3", **post) + b"{}", {400}),
        "both length and chunked": (head("Content-Length: 2", "Transfer-Encoding: chunked", **post) + b"0\r\n\r\n", {400}),
        "both chunked and length": (head("Transfer-Encoding: chunked", "Content-Length: 2", **post) + b"0\r\n\r\n", {400}),
        **{f"Transfer-Encoding {value}": (head(f"Transfer-Encoding: {value}", **post) + b"0\r\n\r\n", {400, 501})
           for value in ("gzip, chunked", "identity", "xchunked", "chunked, gzip", "chunked, chunked", "", "\x0bchunked")},
        "chunked and HTTP/1.0": (head("Transfer-Encoding: chunked", version="HTTP/1.0", **post) + b"0\r\n\r\n", {400}),
        "folded": (head("X-Folded: a", " b", path=path), {400}),
        "folded by a tab": (head("X-Folded: a", "\tb", path=path), {400}),
        "a space before the colon": (head("X-Spaced : a", path=path), {400}),
        "no colon": (head("nothing", path=path), {400}),
        "a NUL": (head("X: a\0b", path=path), {400}),
        "a bare CR": (head("X: a\rb", path=path), {400}),
        "bare LFs": (head(path=path).replace(b"\r\n", b"\n"), {400}),
        "100 kB in one header": (head("X: " + "a" * 100_000, path=path), {431}),
        "100 kB in many headers": (head(*(f"X-{number}: {'a' * 1000}" for number in range(100)), path=path), {431}),
        "1000 headers": (head(*(f"X-{number}: a" for number in range(1000)), path=path), {431}),
        "a path of 100 kB": (head(path="/" + "a" * 100_000), {414}),
        "HTTP/2.0": (head(path=path, version="HTTP/2.0"), {505}),
        "HTTP/1.1x": (head(path=path, version="HTTP/1.1x"), {400, 505}),
        "TRACE": (head(method="TRACE", path=path), {405}),
        "CONNECT": (head(method="CONNECT", path="shop:80"), {405}),
        "a path that climbs": (head(path="/api/v1/../../etc/passwd"), {400}),
        "a path that climbs in disguise": (head(path="/api/v1/%2e%2e/%2e%2e/etc/passwd"), {400}),
        "a path with a NUL": (head(path="/api/v1/products/%00"), {400}),
        "no path": (head(path=""), {400}),
        "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), {400}),
        "nothing but noise": (bytes(range(256)), {400}),
    }


class BadHeads(Scenario):
    audit_after = "never"

    def exchange(self, port, data) -> raw.Answer:
        """What comes until the host closes the connection."""
        with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as peer:
            try:
                peer.sendall(data)
            except OSError:
                pass  # it has answered before all was sent, and reads no more
            received = b""
            while part := self.received(peer):
                received += part
        top, _, body = received.partition(b"\r\n\r\n")
        first, *lines = top.decode().split("\r\n")
        return raw.Answer(int(first.split(" ")[1]), dict(line.split(": ", 1) for line in lines), body)

    @staticmethod
    def received(peer) -> bytes:
        try:
            return peer.recv(65536)
        except ConnectionResetError:
            return b""  # what we sent too much of

    def test_each_at_each_listener(self):
        ports = {"edge": self.fleet.gateway_port, **self.fleet.host_of("product").ports}
        for listener, port in ports.items():
            good = head("Connection: close", path=GOOD[listener])
            self.assertEqual(self.exchange(port, good).status, 200, listener)
            for what, (data, statuses) in bad_heads(GOOD[listener]).items():
                with self.subTest(listener=listener, what=what):
                    answer = self.exchange(port, data)
                    self.assertIn(answer.status, statuses, answer.text)
                    self.assertEqual(answer.headers.get("Content-Type"), "application/problem+json")
                    self.assertEqual((answer.json["status"], answer.headers["Connection"]), (answer.status, "close"))
                    self.assertTrue(answer.json["title"])
            self.assertEqual(self.exchange(port, good).status, 200, listener)

    def test_what_is_smuggled_behind_a_refusal_is_not_served(self):
        """The second request lies in what the first one calls its body, or in none: no answer to it."""
        hidden = head(path="/api/v1/categories")
        for line in ("Content-Length: 2\r\nTransfer-Encoding: chunked", f"Content-Length: 0\r\nContent-Length: {len(hidden)}", "Content-Length: x"):
            with self.subTest(line):
                answer = self.exchange(self.fleet.gateway_port, head(line, method="POST", path="/api/v1/products/batch-get") + hidden)
                self.assertEqual((answer.status, answer.json["status"]), (400, 400))  # and behind the problem comes nothing
