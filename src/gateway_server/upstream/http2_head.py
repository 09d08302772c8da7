"""Heads as HTTP/2 carries them, towards an upstream and back (RFC 9113, section 8).

The library below is told not to judge what comes, since its only verdict is to end the whole
connection, with every other call on it. A malformed answer ends its own stream.
"""

import re
from collections.abc import Iterable
from typing import Final

from hpack.struct import NeverIndexedHeaderTuple

from gateway_core.http1.fields import TOKEN_BYTES, VALUE_BYTES
from gateway_core.http1.limits import DEFAULT_LIMITS
from gateway_core.http1.render import LENGTH_EXPECTED
from gateway_core.message import UNKNOWN, Fields, ResponseHead, UpstreamRequest

_NAME: Final = re.compile(rb"[%b]+" % TOKEN_BYTES.replace(b"A-Z", b""))
_VALUE: Final = re.compile(rb"[%b]*" % VALUE_BYTES)
_STATUS: Final = re.compile(rb"[1-5][0-9]{2}")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_HOP_BY_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
"""What HTTP/2 has frames for: its presence makes a message malformed (RFC 9113, 8.2.2)."""
_FRAMING: Final = frozenset({b"content-length", b"host"})
_SECRET: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization", b"x-api-key"})
"""Never put into the table that all calls of a connection share: its sizes would tell (RFC 7541, 7.1)."""
_BODILESS: Final = frozenset({204, 304})


def request_lines(request: UpstreamRequest, scheme: str) -> list[tuple[bytes, bytes]]:
    """Return the head that asks for `request`, which was judged and made ready to be forwarded."""
    lines = [
        (b":method", request.method.encode("ascii")),
        (b":scheme", scheme.encode("ascii")),
        (b":authority", request.authority),
        (b":path", request.target),
    ]
    lines += [
        NeverIndexedHeaderTuple(*line) if line[0] in _SECRET else line for line in request.fields
    ]
    if request.body > 0 or (request.body == 0 and request.method in LENGTH_EXPECTED):
        lines.append((b"content-length", b"%d" % request.body))
    if request.takes_trailers:
        lines.append((b"te", b"trailers"))
    return lines


def read_answer(lines: Iterable[tuple[bytes, bytes]], method: str) -> ResponseHead | None:
    """Return the head of an answer to a request of `method`; None where it is malformed."""
    rest = iter(lines)
    name, status = next(rest, (b"", b""))
    if name != b":status" or not _STATUS.fullmatch(status):
        return None
    fields = _fields(rest)
    if fields is None:
        return None
    told = [value for name, value in fields if name == b"content-length"]
    if len(told) > 1 or (told and not _LENGTH.fullmatch(told[0])):
        return None
    code = int(status)
    length = int(told[0]) if told else UNKNOWN
    return ResponseHead(code, fields, 0 if method == "HEAD" or code in _BODILESS else length)


def read_trailers(lines: Iterable[tuple[bytes, bytes]]) -> Fields | None:
    """Return what trails an answer; None where it is malformed."""
    fields = _fields(lines)
    if fields is None or any(name in _FRAMING for name, _ in fields):
        return None
    return fields


def _fields(lines: Iterable[tuple[bytes, bytes]]) -> Fields | None:
    # The library gives tuples of a kind of its own, which compare alike and are never plain.
    fields = tuple([(bytes(name), bytes(value)) for name, value in lines])
    if len(fields) > DEFAULT_LIMITS.fields_max or not all(map(_may_stand, fields)):
        return None
    return fields


def _may_stand(line: tuple[bytes, bytes]) -> bool:
    """Judge a field line; pseudo-header fields, which begin with a colon, are none."""
    name, value = line
    return (
        _NAME.fullmatch(name) is not None
        and name not in _HOP_BY_HOP
        and _VALUE.fullmatch(value) is not None
        and value == value.strip(b" \t")
    )
