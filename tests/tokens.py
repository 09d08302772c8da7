"""Tokens for tests of the core: well formed, signed by nobody."""

import json
from base64 import urlsafe_b64encode
from typing import Any

ISSUER = "https://issuer.example"
AUDIENCE = "gateway"


def part(value: object) -> bytes:
    """One part of a token: an object as JSON, or bytes as they are, in base64url."""
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(octets).rstrip(b"=")


def claims(**changed: Any) -> dict[str, Any]:
    """Claims that everybody takes at second 1000; None removes one."""
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": 2000, "scope": "read write"}
    return {name: value for name, value in {**told, **changed}.items() if value is not None}


def token(header: object = None, payload: object = None, signature: bytes = b"sig") -> bytes:
    """A token of these parts."""
    told = {"alg": "RS256", "kid": "k1"} if header is None else header
    return b".".join([part(told), part(claims() if payload is None else payload), part(signature)])
