"""Tokens that must not be taken, after the attacks that RFC 8725 lists. Each differs from a good one in one thing, so that
none is refused for another reason than the one that it is here for."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.jose import packed, public, signed, unpacked


class Mint:
    """Makes tokens like a good one: its head, its claims, and the key that signed it."""

    def __init__(self, good: str, key):
        self.good, self.key, self.forger = good, key, ec.generate_private_key(ec.SECP256R1())
        self.head, self.claims = (unpacked(part) for part in good.split(".")[:2])

    def with_head(self, **changes) -> str:
        return signed({**self.head, **changes}, self.claims, self.key)

    def with_claims(self, **changes) -> str:
        return signed(self.head, {**self.claims, **changes}, self.key)

    def without(self, claim) -> str:
        return signed(self.head, {name: value for name, value in self.claims.items() if name != claim}, self.key)

    def of_texts(self, head: str, claims: str) -> str:
        """For what no JSON library writes."""
        return signed(head.encode(), claims.encode(), self.key)

    def with_signature(self, signature: bytes) -> str:
        return f"{self.good.rsplit('.', 1)[0]}.{packed(signature)}"


def all_of(mint: Mint) -> dict:
    """By what is wrong with them: for any kind of token."""
    return {**heads(mint), **claims(mint), **times(mint), **signatures(mint), **encodings(mint)}


def heads(mint) -> dict:
    text, claims = json.dumps(mint.head), json.dumps(mint.claims)
    unsigned = lambda name: f"{packed({**mint.head, 'alg': name})}.{packed(mint.claims)}."
    without_kid = {name: value for name, value in mint.head.items() if name != "kid"}
    embedded = {**mint.head, "jwk": public(mint.forger)}
    return {
        **{f"alg {name}, without a signature": unsigned(name) for name in ("none", "None", "nOnE", "NONE", "")},
        "alg none, with the good signature": unsigned("none") + mint.good.rsplit(".", 1)[1],
        **{f"alg {name}, signed as ES256": mint.with_head(alg=name) for name in ("ES384", "ES256K", "RS256", "PS256", "EdDSA", "es256")},
        "alg is a list": mint.with_head(alg=["ES256"]),
        "no kid": signed(without_kid, mint.claims, mint.key),
        "kid is empty": mint.with_head(kid=""),
        "kid of nobody": mint.with_head(kid="nobody-knows-it"),
        "kid is a path": mint.with_head(kid="../../../../dev/null"),
        "kid is SQL": mint.with_head(kid="x' UNION SELECT 'key' --"),
        "kid is a command": mint.with_head(kid="key.pem|whoami"),
        "jku of the forger": mint.with_head(jku="https://forger.example/jwks.json"),
        "x5u of the forger": mint.with_head(x5u="https://forger.example/chain.pem"),
        "x5c": mint.with_head(x5c=["MIIB"]),
        "jwk of the forger, who signed": signed(embedded, mint.claims, mint.forger),
        "jwk beside the good signature": mint.with_head(jwk=public(mint.key)),
        "crit": mint.with_head(crit=["exp"]),
        "crit of what nobody knows": mint.with_head(crit=["http://forger.example/x"], **{"http://forger.example/x": True}),
        "b64 false": mint.with_head(crit=["b64"], b64=False),
        "compressed": mint.with_head(zip="DEF"),
        "typ JWT": mint.with_head(typ="JWT"),
        "typ of a certificate": mint.with_head(typ="stoa-cert+jwt"),
        "typ of a registration": mint.with_head(typ="stoa-registration+jwt"),
        "nested: cty JWT": signed({**mint.head, "cty": "JWT"}, mint.good.encode(), mint.key),
        "encrypted (JWE)": f"{packed({**mint.head, 'alg': 'dir', 'enc': 'A256GCM'})}..{packed(b'i' * 12)}.{packed(claims)}.{packed(b't' * 16)}",
        "alg twice": mint.of_texts(text[:-1] + ', "alg": "none"}', claims),
        "head is no object": mint.of_texts("[]", claims),
        "head with a comment": mint.of_texts("/**/" + text, claims),
    }


def claims(mint) -> dict:
    head, text = json.dumps(mint.head), json.dumps(mint.claims)
    changed = {"sub": "somebody-else", "iss": "somebody-else", "roles": "customer staff admin"}
    return {
        "claims changed after signing": ".".join([mint.good.split(".")[0], packed({**mint.claims, **changed}), mint.good.split(".")[2]]),
        "head written otherwise after signing": f"{packed(head.encode() + b' ')}.{mint.good.split('.', 1)[1]}",
        "another issuer": mint.with_claims(iss="somebody"),
        "no issuer": mint.without("iss"),
        "issuers in a list": mint.with_claims(iss=[mint.claims["iss"]]),
        "another audience": mint.with_claims(aud="another-shop"),
        "no audience": mint.without("aud"),
        "audiences in a list": mint.with_claims(aud=[mint.claims["aud"]]),
        "several audiences": mint.with_claims(aud=["another-shop", mint.claims["aud"]]),
        "audience with a space": mint.with_claims(aud=mint.claims["aud"] + " "),
        "iss twice": mint.of_texts(head, text[:-1] + f', "iss": "{mint.claims["iss"]}"}}'),
        "a list of claims": mint.of_texts(head, f"[{text}]"),
        "two payloads": mint.of_texts(head, text + text),
        "claims that are not UTF-8": signed(mint.head, text.encode()[:-1] + b', "x": "\xc3\x28"}', mint.key),
        "claims 100 deep": mint.of_texts(head, f'{text[:-1]}, "x": {"[" * 100}{"]" * 100}}}'),
        "longer than 8 KiB": mint.with_claims(x="x" * 8192),
    }


def times(mint) -> dict:
    now, text = int(time.time()), json.dumps(mint.claims)
    spelled = lambda value: mint.of_texts(json.dumps(mint.head), text.replace(f'"exp": {mint.claims["exp"]}', f'"exp": {value}'))
    return {
        "expired": mint.with_claims(iat=now - 7200, exp=now - 3600),
        "no end": mint.without("exp"),
        **{f"exp is {value}": spelled(value) for value in (f"{now}.5", "4e9", "99999999999999999999999", "-1", f'"{now + 60}"', "null", "true", "[]",
                                                          "253402300800")},
        "nbf in the future": mint.with_claims(nbf=now + 600),
        "nbf is text": mint.with_claims(nbf=str(now - 60)),
        "made in the future": mint.with_claims(iat=now + 600),
    }


def signatures(mint) -> dict:
    text, _, last = mint.good.rpartition(".")
    raw = base64.urlsafe_b64decode(last + "==")
    secret = mint.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    keyed = f"{packed({**mint.head, 'alg': 'HS256'})}.{packed(mint.claims)}"
    return {
        "HS256 with the public key as secret": f"{keyed}.{packed(hmac.new(secret, keyed.encode(), hashlib.sha256).digest())}",
        "HS256 with an empty secret": f"{keyed}.{packed(hmac.new(b'', keyed.encode(), hashlib.sha256).digest())}",
        "signed by somebody else": signed(mint.head, mint.claims, mint.forger),
        "no signature": text + ".",
        "DER": mint.with_signature(mint.key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))),
        "r and s zero": mint.with_signature(bytes(64)),
        "r zero": mint.with_signature(bytes(32) + raw[32:]),
        "s zero": mint.with_signature(raw[:32] + bytes(32)),
        "r and s swapped": mint.with_signature(raw[32:] + raw[:32]),
        "r and s beyond the order": mint.with_signature(b"\xff" * 64),
        "a byte less": mint.with_signature(raw[:-1]),
        "a byte more": mint.with_signature(raw + b"\0"),
        "a bit flipped": mint.with_signature(bytes([raw[0] ^ 1]) + raw[1:]),
        "of another text": signed(mint.head, {**mint.claims, "x": 1}, mint.key).rsplit(".", 1)[0] + "." + last,
    }


def encodings(mint) -> dict:
    head, claims, last = mint.good.split(".")
    return {
        "nothing of a token": "x", "two dots": "..", "three words": "a.b.c",
        "truncated": mint.good[:-2], "one part": head, "two parts": f"{head}.{claims}", "four parts": mint.good + ".x", "a dot more": mint.good + ".",
        "a dot before": "." + mint.good, "no head": f".{claims}.{last}", "no claims": f"{head}..{last}",
        "padded": mint.good + "==", "padded head": f"{head}=.{claims}.{last}",
        "a space within": f"{head}. {claims}.{last}", "a tab within": f"{head}.{claims}\t.{last}",
        "base64 with + and /": f"{head}.{claims}.{'+/' + last[2:]}",
        "bits left over": mint.good[:-1] + chr(ord(mint.good[-1]) + 1),
        "JSON serialisation": json.dumps({"protected": head, "payload": claims, "signature": last}),
        "twice": f"{mint.good}, {mint.good}",
    }


def of_a_user(mint) -> dict:
    """What only a user's token can have wrong."""
    return {
        "sub is empty": mint.with_claims(sub=""), "no sub": mint.without("sub"), "sub is a number": mint.with_claims(sub=1),
        "sub of 300 letters": mint.with_claims(sub="a" * 300), "roles in a list": mint.with_claims(roles=["admin"]),
        "roles are true": mint.with_claims(roles=True), "a service's typ": mint.with_head(typ="stoa-service+jwt"),
        "a certificate in the head": mint.with_head(stoa_cert="a.b.c"),
    }


def of_a_service(mint) -> dict:
    """What only a service's token can have wrong."""
    now = int(time.time())
    without_certificate = {name: value for name, value in mint.head.items() if name != "stoa_cert"}
    return {
        "no certificate": signed(without_certificate, mint.claims, mint.key), "a certificate of nothing": mint.with_head(stoa_cert="a.b.c"),
        "the token as its own certificate": mint.with_head(stoa_cert=mint.good), "the certificate itself": mint.head["stoa_cert"],
        "for an hour": mint.with_claims(exp=now + 3600), "no iat": mint.without("iat"), "a user's typ": mint.with_head(typ="at+jwt"),
    }
