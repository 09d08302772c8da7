"""What the gateway answers in its own name: `application/problem+json` (RFC 9457).

A refusal is an answer with a named reason. It never holds a secret, an internal
address or a stack trace, since all of it is shown to the client.
"""

import json
from functools import lru_cache
from http import HTTPStatus
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

from .frozen import frozen
from .message import Fields, ResponseHead

PROBLEM_JSON: Final = b"application/problem+json"

_NO_CONTENT: Final = 204


@frozen
class Refusal:
    """An answer other than the upstream's."""

    status: int
    reason: str
    """Named, in kebab case, the same in logs, metrics and `type`: "no-route"."""
    detail: str
    """One sentence for the client: what is wrong, and the cure if there is one."""
    fields: Fields = ()
    """Further field lines, such as Allow or Retry-After."""
    close: bool = False
    """Whether the client's connection cannot be used further."""

    def with_fields(self, *more: tuple[bytes, bytes]) -> "Refusal":
        """Return it with more field lines behind its own."""
        if not more:
            return self
        fields = (*self.fields, *more)
        return Refusal(self.status, self.reason, self.detail, fields, self.close)


def problem(refusal: Refusal, request_id: str) -> bytes:
    """Return the body that tells `refusal` (RFC 9457, section 3.1)."""
    told = _told(refusal.reason, refusal.status, refusal.detail)
    return f'{told}, "request_id": {quoted(request_id)}}}'.encode("ascii")


@lru_cache(maxsize=256)
def _told(reason: str, status: int, detail: str) -> str:
    """Return all of a problem but the request's id, and its end; there are few, and all alike."""
    told = {
        "type": f"urn:gateway-problem:{reason}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return json.dumps(told).removesuffix("}")


def refused(refusal: Refusal, request_id: str, method: str) -> tuple[ResponseHead, bytes]:
    """Return the head and the body that answer a request of `method` with `refusal`.

    HEAD gets the head alone, its Content-Length included (RFC 9110, 9.3.2); a
    204 has neither body nor length (15.3.5).
    """
    identity = (b"x-request-id", request_id.encode("latin-1"))
    if refusal.status == _NO_CONTENT:
        return ResponseHead(refusal.status, (identity, *refusal.fields), 0), b""
    body = problem(refusal, request_id)
    fields = (
        (b"content-type", PROBLEM_JSON),
        (b"content-length", b"%d" % len(body)),
        identity,
        *refusal.fields,
    )
    if method == "HEAD":
        return ResponseHead(refusal.status, fields, 0), b""
    return ResponseHead(refusal.status, fields, len(body)), body
