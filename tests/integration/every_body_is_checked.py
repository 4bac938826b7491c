"""Every route that takes a body, given each body that it must refuse, made from its schema; every route with parameters, given
those that make no sense; and every route that takes no body, given one. Nothing of it is kept."""

import json
import socket
from contextlib import closing

from shop import Shop, new_key
from support import bad_values, raw
from support.orders import Asker, fleet_key
from support.routes import manifests
from support.scenario import Scenario

ID = "0190a0b0-0000-7000-8000-00000000000a"
SAMPLES = {"slug": "bakery", "Psp-Signature": "t=1,v1=00", "Carrier-Signature": "t=1,v1=00", "reference": "x", "If-Match": '"1"', "rest*": "x"}
BAD_PARAMETERS = {"integer": ["x", "1.5", "", "99999999999999999999", "0x1", "1e3", "+1"], "boolean": ["yes", "1", ""]}
IMPORTS = 64 << 20


class EveryBodyIsChecked(Scenario):
    audit_after = "all"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.asker = Asker(fleet_key(cls.fleet), ["order"])
        cls.manifests = {name: manifest for name, manifest in manifests().items() if name != "gateway"}

    def routes(self):
        for plugin, manifest in self.manifests.items():
            for route in manifest["routes"]:
                yield plugin, route, manifest["openapi"].get("components", {})

    def ask(self, plugin, route, body=None, kind="application/json", query=None, path=None, headers=None):
        """As somebody who may: at the edge where that is possible, else at the host's own listener."""
        shop, sent = self.way_to(plugin, route)
        values = {one["name"]: one.get("example") or SAMPLES.get(one["name"], ID) for one in route["parameters"] if one["required"]}
        wanted = {one["name"]: str(values[one["name"]]) for one in route["parameters"] if one["required"] and one["in"] == "query"}
        target = route["path"]
        for one in route["parameters"]:
            if one["in"] == "path":
                target = target.replace(f"{{{one['name']}}}", (path or {}).get(one["name"], str(values[one["name"]])))
            elif one["in"] == "header" and one["required"]:
                sent[one["name"]] = str(values[one["name"]])
        pairs = {**wanted, **(query or {})}
        target += "?" + "&".join(f"{name}={value}" for name, value in pairs.items()) if pairs else ""
        return raw.request(shop, route["method"], target, body, headers={**sent, **(headers or {})}, kind=kind)

    def way_to(self, plugin, route):
        headers = {"Idempotency-Key": new_key()}
        inside = Shop(f"http://127.0.0.1:{self.fleet.host_of(plugin).ports['internal']}")
        if route["auth"] == ["service"]:
            return inside, {**headers, "Stoa-Service-Token": self.asker.token("order", plugin)}
        if plugin.startswith("sandbox_"):
            return inside, headers
        return self.shop, {**headers, "Authorization": f"Bearer {self.staff}"}

    def kept(self):
        """How many rows each table of each plugin has."""
        counts = {}
        for plugin, manifest in self.manifests.items():
            if manifest.get("migrations"):
                for name, in self.query(plugin, "select name from sqlite_master where type = 'table'"):
                    if not name.startswith(("sqlite_", "stoa_timers")):
                        counts[plugin, name] = self.query(plugin, f"select count(*) from {name}")[0][0]
        return counts

    def test_bodies(self):
        before, asked, wrong = self.kept(), 0, []
        for plugin, route, components in self.routes():
            if "application/json" not in route.get("body", {}).get("contentTypes", []):
                continue
            for what, body, fits in self.bad_bodies(route, components):
                answer = self.ask(plugin, route, body)
                asked += 1
                if not fits(answer):
                    wrong.append(f"{plugin} {route['operation']}, {what}: {answer.status} {answer.text[:300]}")
        self.assertEqual(wrong, [])
        self.assertGreater(asked, 900)
        self.assertEqual(self.kept(), before, "something of a refused request was kept")

    def bad_bodies(self, route, components):
        """(what is wrong, the bytes, whether an answer fits)."""
        schema, good = route["body"]["schema"], route["body"]["example"]
        text = json.dumps(good)
        no_json = lambda answer: answer.problem == (400, "invalid-json")
        first = next(iter(good))
        broken = {"nothing": b"", "words": b"lines=1", "half of it": text.encode()[:-1], "two of it": (text + text).encode(), "single quotes": b"{'a': 1}",
                  "a comma too many": text[:-1].encode() + b",}", "a comment": b"/**/" + text.encode(), "XML": b"<a/>",
                  "NaN": bad_values.dumps({**good, first: "@NaN@"}), "a leading zero": bad_values.dumps({**good, first: "@01@"}),
                  "a key twice": f'{text[:-1]}, {json.dumps(first)}: 1}}'.encode(), "65 levels": f'{text[:-1]}, "x": {bad_values.DEEP}}}'.encode(),
                  "no UTF-8": text[:-1].encode() + b', "x": "\xc3\x28"}', "half of a surrogate pair": text[:-1].encode() + b', "x": "\\ud800"}',
                  "a byte order mark and UTF-16": text.encode("utf-16"), "a NUL at the end": text.encode() + b"\0"}
        for what, body in broken.items():
            yield what, body, no_json if body else lambda answer: answer.problem == (400, "body-missing")
        for what, field, body in bad_values.spoiled(schema, good, components):
            yield f"{field}: {what}", bad_values.dumps(body), lambda answer, field=field: no_json(answer) or (
                answer.problem == (400, "invalid-body") and field in [error["field"] for error in answer.json["errors"]])

    def test_bodies_that_are_too_large_or_of_another_kind(self):
        for plugin, route, _ in self.routes():
            if not route.get("body"):
                continue
            with self.subTest(plugin=plugin, operation=route["operation"]):
                self.assertEqual(self.ask(plugin, route, b"<a/>", kind="text/xml").problem, (415, "unsupported-media-type"))
                limit = route.get("maxBody", 1 << 20)
                self.assertEqual(limit, IMPORTS if route["operation"] == "importProducts" else min(limit, 1 << 20))
                kind = route["body"]["contentTypes"][0]
                self.assertEqual(self.announce(plugin, route, kind, limit + 1), b"413")
                if limit <= 1 << 20:
                    self.assertEqual(self.ask(plugin, route, b'"' + b"x" * limit + b'"', kind=kind).problem, (413, "body-too-large"))

    def announce(self, plugin, route, kind, length):
        """The status that comes when a body of this length is announced and none is sent."""
        shop, headers = self.way_to(plugin, route)
        for one in route["parameters"]:
            if one["in"] == "header" and one["required"]:
                headers[one["name"]] = SAMPLES[one["name"]] if one["name"] in SAMPLES else "x"
        path = "/".join(ID if part == "{%s}" % part[1:-1] and part != "{slug}" else part.replace("{slug}", "bakery") for part in route["path"].split("/"))
        lines = [f"{route['method']} {path} HTTP/1.1", f"Host: {shop.address}", f"Content-Type: {kind}", f"Content-Length: {length}",
                 *(f"{name}: {value}" for name, value in headers.items())]
        host, port = shop.address.split(":")
        with closing(socket.create_connection((host, int(port)), timeout=30)) as peer:
            peer.sendall("\r\n".join([*lines, "", ""]).encode())
            return peer.recv(4096).split(b" ")[1]

    def test_a_body_where_none_is_taken(self):
        for plugin, route, _ in self.routes():
            if not route.get("body"):
                with self.subTest(plugin=plugin, operation=route["operation"]):
                    self.assertEqual(self.ask(plugin, route, b"{}").problem, (400, "body-not-allowed"))

    def test_parameters(self):
        asked = 0
        for plugin, route, _ in self.routes():
            body = json.dumps(route["body"]["example"]).encode() if route.get("body") else None
            kind = route["body"]["contentTypes"][0] if route.get("body") else ""
            for one in route["parameters"]:
                for value in self.bad_parameters(one):
                    with self.subTest(plugin=plugin, operation=route["operation"], parameter=one["name"], value=value):
                        place = {"query": "query", "path": "path", "header": "headers"}[one["in"]]
                        answer = self.ask(plugin, route, body, kind, **{place: {one["name"]: value}})
                        self.assertEqual(answer.problem, (400, "invalid-parameter"), answer.text)
                        self.assertIn(f"{one['in']}:{one['name']}", [error["field"] for error in answer.json["errors"]])
                        asked += 1
        self.assertGreater(asked, 100)

    @staticmethod
    def bad_parameters(one):
        schema = one["schema"]
        yield from BAD_PARAMETERS.get(one["type"], [])
        if "minimum" in schema:
            yield str(schema["minimum"] - 1)
        if "maximum" in schema:
            yield str(schema["maximum"] + 1)
        if schema.get("format") == "uuid":
            yield from ("not-an-id", "0" * 3000, ID + "0")
        elif "maxLength" in schema:
            yield "x" * (schema["maxLength"] + 1)
