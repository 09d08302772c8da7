"""A Range and an If-Range, asked of a stored body.

The input is a line of Range, a line of If-Range, and bytes whose number is the body's length.

Invariant: any bytes give the whole, a part within the body, or 416, never an exception; what is
sent is as long as it says, and is the part that Content-Range tells; If-Range that is not the
stored tag, strongly, gives the whole.
"""

import re
from typing import Final

from gateway_core.caching.answering import answer
from gateway_core.caching.asking import Asked
from gateway_core.caching.entry import BodyId, Entry, Lifetime
from gateway_core.clock import Instant, UnixTime
from gateway_core.message import value

SEEDS: Final[list[bytes]] = [
    b"bytes=0-1\n\n0123456789",
    b'bytes=-3\n"a"\n0123456789',
    b'bytes=5-\nW/"a"\n0123456789',
    b"bytes=99999999999999999999-\n\n0",
    b"bytes=3-2\n\n0123",
    b"bytes=0-0,2-3\n\n0123",
    b"bytes=-0\n\n0123",
    b"bytes=0-\n\n",
]
_TOLD: Final = re.compile(rb"bytes ([0-9]+)-([0-9]+)/([0-9]+)")


def check(data: bytes) -> None:
    """Take the lines of `data` for a request about its last line."""
    lines = data.split(b"\n", 2)
    wanted, condition, body = [*lines, b"", b"", b""][:3]
    asked = Asked(range=wanted, if_range=condition or None)
    given = answer(_entry(body), asked, ())
    head, span = given.head, given.span
    if condition and condition != b'"a"':
        assert head.status == 200
    if head.status == 416:
        assert span is None
        assert value(head.fields, b"content-range") == b"bytes */%d" % len(body)
        return
    sent = body[span.start : span.end] if span else b""
    assert len(sent) == head.body
    if head.status == 200:
        assert sent == body
        return
    assert head.status == 206
    told = _TOLD.fullmatch(value(head.fields, b"content-range") or b"")
    assert told is not None
    first, last, length = map(int, told.groups())
    assert (length, sent) == (len(body), body[first : last + 1])
    assert value(head.fields, b"content-length") == b"%d" % len(sent)


def _entry(body: bytes) -> Entry:
    fields = ((b"content-length", b"%d" % len(body)), (b"etag", b'"a"'))
    return Entry(
        key=b"", body=BodyId(1), status=200, fields=fields, origin=(), vary=(), selecting=(),
        lifetime=Lifetime(60), initial_age=0, received=Instant(0), date=UnixTime(0), etag=b'"a"',
        length=len(body), complete=True,
    )  # fmt: skip
