"""Tokens as hosts and services make them: compact JWS with ES256."""

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils


def packed(data) -> str:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpacked(part) -> dict:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def public(key) -> dict:
    numbers = key.public_key().public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": packed(numbers.x.to_bytes(32, "big")), "y": packed(numbers.y.to_bytes(32, "big"))}


def signed(head, claims, key) -> str:
    """A JWT; ES256 as RFC 7518 wants it: r and s, 32 bytes each."""
    text = f"{packed(head)}.{packed(claims)}"
    r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{packed(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
