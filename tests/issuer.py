"""An issuer of tokens for tests: keys made here and now, a JWKS that rotates, and that may be down."""

import json
import time
from typing import Any

import jwt
import trio
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tests.road import Road, read_request

ISSUER = "https://issuer.example"
AUDIENCE = "gateway"
MAKERS: dict[str, Any] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class Signing:
    """One key, its id and its algorithm."""

    def __init__(self, key_id: str, algorithm: str = "ES256") -> None:
        self.key_id, self.algorithm = key_id, algorithm
        self.private = MAKERS[algorithm]()

    @property
    def jwk(self) -> dict[str, Any]:
        known = get_default_algorithms()[self.algorithm]
        told = known.to_jwk(self.private.public_key(), as_dict=True)
        return {**told, "kid": self.key_id, "use": "sig"}

    def token(self, header: dict[str, Any] | None = None, **changed: Any) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "scope": "read", "exp": now + 600}
        told = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        headers = {"kid": self.key_id, **(header or {})}
        return jwt.encode(told, self.private, self.algorithm, headers=headers)


class Issuer:
    """Serves a JWKS on loopback."""

    def __init__(self, *keys: Signing) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.down = False
        self.body: bytes | None = None
        """What is answered in place of the keys."""
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/jwks"

    async def serve(self, road: Road) -> "Issuer":
        self.port = await road.listen(self._handle)
        return self

    async def _handle(self, stream: trio.SocketStream) -> None:
        while not self.down:
            _, whole = await read_request(stream)
            if not whole or self.down:
                return
            self.asked += 1
            body = self.body
            if body is None:
                body = json.dumps({"keys": [key.jwk for key in self.keys]}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            await stream.send_all(head.encode() + body)
