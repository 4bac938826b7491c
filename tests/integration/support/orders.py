"""What a host asks of another about upgrades, and signs for its services' calls, made here: good ones, and those of hosts
that may not ask."""

import hashlib
import http.client
import time
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.jose import packed, public, signed


def thumbprint(key) -> str:
    members = ",".join(f'"{name}":"{value}"' for name, value in sorted(public(key).items()))
    return packed(hashlib.sha256(f"{{{members}}}".encode()).digest())


def fleet_key(fleet):
    return serialization.load_pem_private_key((fleet.run / "fleet.pem").read_bytes(), None)


class Asker:
    """A host with a certificate for these services by that fleet's key."""

    def __init__(self, key_of_fleet, services, host_id="11111111-1111-7111-8111-111111111111"):
        self.host_id, self.key, now = host_id, ec.generate_private_key(ec.SECP256R1()), int(time.time())
        claims = {"iss": "stoa-fleet", "host_id": host_id, "jwk": public(self.key), "services": services, "iat": now, "exp": now + 3600}
        head = {"alg": "ES256", "typ": "stoa-cert+jwt", "kid": thumbprint(key_of_fleet)}
        self.certificate = signed(head, claims, key_of_fleet)

    def token(self, caller, callee, **other) -> str:
        """As a host signs for a service of its own that calls another."""
        now = int(time.time())
        head = {"alg": "ES256", "typ": "stoa-service+jwt", "kid": thumbprint(self.key), "stoa_cert": self.certificate}
        return signed(head, {"iss": caller, "aud": callee, "iat": now, "exp": now + 60, **other}, self.key)

    def order(self, target, purpose, service, subject, **other) -> str:
        """`target`: (host id, epoch). `other` replaces claims."""
        now = int(time.time())
        claims = {"iss": self.host_id, "aud": target[0], "epoch": target[1], "jti": str(uuid.uuid4()), "iat": now, "exp": now + 60,
                  "purpose": purpose, "service": service, "subject": subject, "options": {}, **other}
        head = {"alg": "ES256", "typ": "stoa-upgrade+jwt", "kid": thumbprint(self.key), "stoa_cert": self.certificate}
        return signed(head, claims, self.key)


def ask(host, method, path, order=None, body=b"") -> tuple:
    """Status and text of what a host answers on its internal listener."""
    connection = http.client.HTTPConnection("127.0.0.1", host.ports["internal"], timeout=10)
    try:
        connection.request(method, path, body, {"Stoa-Upgrade-Order": order} if order else {})
    except OSError:
        pass  # it answers before it has read all, and then reads no more
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
