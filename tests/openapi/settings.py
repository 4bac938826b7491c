"""What Schemathesis is told: which statuses are right, each with the reason beside it."""

import json
from pathlib import Path

HOOKS = Path(__file__).resolve().parent / "hooks.py"

# A request that fits its schema may still be refused, by a rule that no schema can say: 402 the provider refuses, 412 somebody else
# was quicker, 422 a password that is easy to guess or a refund of more than was paid.
REFUSED_ALL_THE_SAME = ["2xx", "401", "402", "403", "404", "409", "412", "422", "429"]
# If-Match is the one header that has a status of its own (RFC 6585).
HEADER_MISSING = ["400", "401", "403", "428"]
# 413 and 414: a value that is longer than its schema allows makes the request longer than any may be; 412 as above.
REFUSED = ["400", "401", "403", "404", "405", "409", "412", "413", "414", "415", "422", "428", "429"]


def configuration(secrets, examples, seed) -> str:
    """TOML; `secrets`: by security scheme, what is shown to be let in."""
    lines = [
        f"seed = {seed}", f"hooks = {json.dumps(str(HOOKS))}", "continue-on-failure = true", "request-timeout = 20", "",
        "[generation]", f"max-examples = {examples}", 'database = "none"', "",
        "[checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(REFUSED_ALL_THE_SAME)}", "",
        "[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(REFUSED)}", "",
        "[checks.missing_required_header]", f"expected-statuses = {json.dumps(HEADER_MISSING)}", "",
    ]
    for scheme, (kind, value) in secrets.items():
        lines += [f"[auth.openapi.{scheme}]", f"{kind} = {json.dumps(value)}", ""]
    return "\n".join(lines)
