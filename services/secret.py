"""Refuse whatever did not come through the gateway. Copy this file into a service of yours.

    app = RequireSecret(app)

The gateway sends a secret with each request, and removes the header of that
name from what clients send. Who calls the service directly does not know the
secret, and gets 403. It is a shared password: keep it out of the code, and keep
the network between the gateway and the service private.

To change it without a pause, give two with a space between, to the gateway and to the
services alike: the gateway sends the first, services take both. First "old new" everywhere,
then "new old" at the gateway, then "new" everywhere.
"""

import os
from hmac import compare_digest
from typing import Any, Final

HEADER: Final = b"x-gateway-secret"
REFUSAL: Final = b'{"detail":"This service is reached through the gateway only."}'


class RequireSecret:
    """ASGI middleware: lets HTTP and WebSocket through that carry the gateway's secret."""

    def __init__(self, app: Any, secret: str | None = None) -> None:
        """Take the secret from `$GATEWAY_SECRET` unless it is given."""
        self.app = app
        if secret is None:
            secret = os.environ.get("GATEWAY_SECRET", "change-me")
        self.secrets = secret.encode().split()
        if not self.secrets:
            raise ValueError("GATEWAY_SECRET is empty: nothing would be protected")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"} or self._carries(scope["headers"]):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await _answer_403(send, "http.response")
        elif "websocket.http.response" in scope.get("extensions", {}):
            await _answer_403(send, "websocket.http.response")
        else:  # closing before accepting is answered with 403, too, but with no body
            await send({"type": "websocket.close"})

    def _carries(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Exactly one such line: of two, who knows which one the gateway wrote?"""
        found = [value for name, value in headers if name == HEADER]
        # All are compared, each in constant time: how long it takes tells nothing.
        right = [compare_digest(told, secret) for told in found for secret in self.secrets]
        return len(found) == 1 and any(right)


async def _answer_403(send: Any, kind: str) -> None:
    length = str(len(REFUSAL)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": f"{kind}.start", "status": 403, "headers": headers})
    await send({"type": f"{kind}.body", "body": REFUSAL})
