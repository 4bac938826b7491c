"""Loaded by Schemathesis: what it can't write by itself, and which refusals of requests that fit their schema are right all the same.

Each of those is named by the problem that the host or the service answers with, so that no other refusal passes for it.
"""

import re

import schemathesis

RIGHT = (
    # A cursor is what the list has given out before; no schema can tell one from a text that somebody made up.
    ("bad-cursor", "The cursor is none that this list has given out"),
    # JSON Schema takes 135.0 for an integer. Money and quantities are counted, and a client that writes a fraction has calculated.
    ("invalid-body", "must be an integer (no fraction, no exponent)"),
    # No text has U+0000 anywhere: PostgreSQL could not keep it.
    ("invalid-parameter", "never 00"),
    ("invalid-json", "\\u0000 is not accepted"),
    # A body that may have members of any kind has numbers and depths of any size, too; the JSON guard has its limits.
    ("invalid-json", "is beyond 64 bits"),
    ("invalid-json", "nested deeper than 64 levels"),
    # An empty text is no body.
    ("body-missing", ""),
)
TEXTS = ("text/csv", "application/x-ndjson")  # whatever is sent as one of these is a text: there is no wrong type
WRONG_TYPE = re.compile("in body - (incorrect type|violates `type`)")
VERSION = re.compile(r'[*]|"[0-9]{1,18}"')


@schemathesis.serializer("application/x-ndjson")
def lines(_, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@schemathesis.hook
def filter_failure(_, failure, case, response):
    if failure.code == "ST201" and case.media_type in TEXTS and WRONG_TYPE.search(failure.message):
        return False
    if failure.code != "ST202" or response.status_code != 400:
        return True
    problem = response.json()
    slug, detail = problem["type"].removeprefix("urn:stoa:problem:"), problem.get("detail", "")
    if slug == "invalid-parameter" and [error["field"] for error in problem.get("errors", [])] == ["header:If-Match"]:
        return VERSION.fullmatch(case.headers["If-Match"]) is not None  # 21 letters are sent as if they fitted
    reasons = [error["why"] for error in problem["errors"]] if slug == "invalid-body" else [detail]
    return not any(slug == right and all(text in reason for reason in reasons) for right, text in RIGHT)
