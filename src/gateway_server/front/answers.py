"""Answers that the front gives in its own name, and the fields that every answer bears."""

import secrets
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from gateway_core.message import Fields, RequestHead, ResponseHead
from gateway_core.refusal import Refusal, refused

from .contract import Served
from .streams import Stream

HEAD_TIMEOUT: Final = Refusal(
    408, "head-timeout", "The request's head did not arrive in time.", close=True
)
UNKNOWN_HOST: Final = Refusal(404, "unknown-host", "Nothing is served under this host name.")
FAULT: Final = Refusal(500, "internal-error", "The gateway failed to answer. It has been logged.")

_PHRASES: Final = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
_STATUS_LINES: Final = {
    status: b"HTTP/1.1 %d %b" % (status, text) for status, text in _PHRASES.items()
}


def phrase(status: int) -> bytes:
    """Return the reason phrase of `status`, b"" for one that nobody named."""
    return _PHRASES.get(status, b"")


def status_line(status: int) -> bytes:
    """Return the first line of an HTTP/1.1 answer, without its end."""
    line = _STATUS_LINES.get(status)
    return b"HTTP/1.1 %d " % status if line is None else line


class _Dates:
    """The Date field, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = (b"date", b"")

    def line(self) -> tuple[bytes, bytes]:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._line = (b"date", formatdate(second, usegmt=True).encode("ascii"))
        return self._line


date_line: Final = _Dates().line
"""Return the Date field of an answer that is made now (RFC 9110, 6.6.1)."""


def dated(fields: Fields) -> Fields:
    """Return `fields` with a Date: the application's, else ours."""
    return fields if any(name == b"date" for name, _ in fields) else (*fields, date_line())


def last_words(served: Served, refusal: Refusal, request: RequestHead, bytes_in: int) -> bytes:
    """Return the bytes of an HTTP/1.1 answer that ends its connection, and note it.

    `request` is what could be read of it: "" and b"" elsewhere.
    """
    head, body = _noted(served, refusal, request, bytes_in)
    lines = [b"HTTP/1.1 %d %b" % (head.status, phrase(head.status))]
    lines += [name + b": " + value for name, value in dated(head.fields)]
    return b"\r\n".join([*lines, b"connection: close", b"", body])


async def answer(stream: Stream, served: Served, refusal: Refusal) -> None:
    """Answer a stream's request with `refusal`, in whatever version it came, and note it."""
    head, body = _noted(served, refusal, stream.head, 0)
    closing = ((b"connection", b"close"),) if refusal.close else ()
    await stream.start(head.status, (*head.fields, *closing))
    if body:
        await stream.write(body)
    await stream.finish()


def _noted(
    served: Served, refusal: Refusal, request: RequestHead, bytes_in: int
) -> tuple[ResponseHead, bytes]:
    """Return the head and the body that tell of `refusal`, and note it."""
    request_id = secrets.token_hex(16)
    head, body = refused(refusal, request_id, request.method)
    served.refused(
        refusal,
        peer=request.peer,
        method=request.method,
        target=request.target,
        request_id=request_id,
        bytes_in=bytes_in,
        bytes_out=len(body),
    )
    return head, body
