"""What a schema must refuse, made from the schema: a good body with one thing wrong in it, for each thing that can be."""

import copy
import json
import re

DEEP = "[" * 65 + "]" * 65
BEYOND = {"2^63": 2**63, "below int64": -(2**63) - 1, "400 digits": 10**400}
SPELLED = {"@1e400@": "1e400", "@NaN@": "NaN", "@01@": "01"}  # what Python does not write
OTHER_TYPES = {
    "string": [7, True, [], {}, None], "integer": ["1", 1.5, True, [], {}, None], "boolean": ["true", 1, [], None],
    "array": ["x", {}, 1, None], "object": [[], "x", 1, None],
}
FORMATS = {
    "uuid": ["not-an-id", "0" * 30000, "0190a0b0-0000-7000-8000-00000000000g", "0190a0b0-0000-7000-8000-0000000000011"],
    "date-time": ["9" * 30000 + "-01-01T00:00:00Z", "2026-01-05T00:00:00." + "1" * 30000 + "Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                  "2026-01-05 00:00:00Z", "yesterday"],
    "email": ["nobody", "@", "a@", "a b@example.com"],
}
NO_MATCH = ["\u0000", "!", "ä", " "]


def spoiled(schema, good, components):
    """(what is wrong, the field that has to be named, the body), with everything else as in the good body."""
    yield from _at(schema, good, components, "", lambda value: value)


def dumps(body) -> bytes:
    text = json.dumps(body)
    for name, spelled in SPELLED.items():
        text = text.replace(f'"{name}"', spelled)
    return text.encode()


def _resolved(schema, components):
    while "$ref" in schema:
        schema = components["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _at(schema, good, components, field, placed):
    """`placed` makes the whole body of a value for this place."""
    schema = _resolved(schema, components)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    for value in OTHER_TYPES.get(kinds[0] if kinds else "", []):
        if not (value is None and "null" in kinds):
            yield f"{json.dumps(value)} for a {kinds[0]}", field, placed(value)
    for what, value in _bounds(schema, good):
        yield what, field, placed(value)
    if "object" in kinds:
        yield from _members(schema, good, components, field, placed)
    elif "array" in kinds and good:
        yield from _at(schema.get("items", {}), good[0], components, f"{field}/0", lambda value: placed([value, *good[1:]]))


def _bounds(schema, good):
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if "const" in schema or "enum" in schema:
        yield "none of the choices", "NONE-OF-THESE" if kind == "string" else -7
    if kind == "integer":
        yield from BEYOND.items()
        yield "1e400", "@1e400@"
        if "minimum" in schema:
            yield "below the minimum", schema["minimum"] - 1
            yield "far below the minimum", -(2**63)
        if "maximum" in schema:
            yield "above the maximum", schema["maximum"] + 1
    elif kind == "string":
        if schema.get("minLength"):
            yield "an empty text", ""
        if "maxLength" in schema and "pattern" not in schema:
            yield "a long text", "x" * (schema["maxLength"] + 1)
        for value in FORMATS.get(schema.get("format"), []):
            yield f"no {schema['format']}: {value[:30]}", value
        if "pattern" in schema:
            yield "what does not match", next(text for text in NO_MATCH if not re.search(schema["pattern"], text))
    elif kind == "array" and good:
        if schema.get("minItems"):
            yield "too few items", []
        if "maxItems" in schema and schema["maxItems"] <= 1000:
            yield "too many items", [copy.deepcopy(good[0])] * (schema["maxItems"] + 1)
        if schema.get("uniqueItems"):
            yield "an item twice", [good[0], good[0]]


def _members(schema, good, components, field, placed):
    changed = lambda name, value: placed({**good, name: value})
    for name in schema.get("required", []):
        yield f"{name} is missing", f"{field}/{name}", placed({other: value for other, value in good.items() if other != name})
    if schema.get("additionalProperties") is False:
        yield "an unknown member", f"{field}/nobodyKnowsIt", changed("nobodyKnowsIt", 1)
    if schema.get("minProperties"):
        yield "no member", field, placed({})
    for name, inner in schema.get("properties", {}).items():
        yield from _at(inner, good.get(name), components, f"{field}/{name}", lambda value, name=name: changed(name, value))
