"""A request's head as HTTP/2 carries it: judged, and made what HTTP/1.1 would have said.

The library below is told not to judge heads, since its only verdict is to end the whole
connection, with every other request on it. A malformed head ends its own stream.

Source: RFC 9113, section 8.2 and 8.3; RFC 8441, section 4.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway_core.http1.authority import is_authority
from gateway_core.http1.fields import TOKEN_BYTES, VALUE_BYTES
from gateway_core.message import UNKNOWN, Fields, RequestHead

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE: Final = re.compile(rb"[%b]*" % VALUE_BYTES)
_METHOD: Final = re.compile(rb"[%b]{1,32}" % TOKEN_BYTES)
_TARGET: Final = re.compile(rb'/[!"$-~]*|\*')
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_PSEUDO: Final = frozenset({b":method", b":scheme", b":authority", b":path", b":protocol"})
_HOP_BY_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)

_FRAMING: Final = frozenset({b"content-length", b"host"})
"""What tells a message's length or way cannot trail it (RFC 9110, 6.5.1), as in HTTP/1.1."""


def read_head(
    lines: Iterable[tuple[bytes, bytes]], *, peer: str, secure: bool, ended: bool
) -> tuple[RequestHead, bytes] | None:
    """Return the head and its `:protocol` (b"": none); None where it is malformed.

    `ended` tells that no body follows. `:authority` becomes the Host field, and the crumbs
    that a Cookie field was split into become one again (RFC 9113, 8.2.3).
    """
    parts = _split(lines)
    if parts is None:
        return None
    pseudo, fields = parts
    method, path = pseudo.get(b":method", b""), pseudo.get(b":path", b"")
    protocol = pseudo.get(b":protocol", b"")
    authority = _authority(pseudo, fields)
    if authority is None or not _is_request(method, path, protocol, pseudo):
        return None
    lengths = [found for name, found in fields if name == b"content-length"]
    if len(lengths) > 1 or (lengths and not _LENGTH.fullmatch(lengths[0])):
        return None
    length = int(lengths[0]) if lengths else UNKNOWN
    if ended and length > 0:
        return None
    rest = tuple(line for line in fields if line[0] != b"host")
    head = RequestHead(
        method=method.decode("ascii"),
        target=path or authority,
        authority=authority,
        fields=_whole_cookies(((b"host", authority), *rest)),
        peer=peer,
        scheme="https" if secure else "http",
        version="2",
        body=0 if ended else length,
    )
    return head, protocol


def read_trailers(lines: Iterable[tuple[bytes, bytes]], fields_max: int) -> Fields | None:
    """Return a trailer section; None where it is malformed (RFC 9113, 8.1), or too long."""
    parts = _split(lines)
    if parts is None:
        return None
    pseudo, fields = parts
    if pseudo or len(fields) > fields_max or any(name in _FRAMING for name, _ in fields):
        return None
    return tuple(fields)


def _split(
    lines: Iterable[tuple[bytes, bytes]],
) -> tuple[dict[bytes, bytes], Sequence[tuple[bytes, bytes]]] | None:
    """Return pseudo-header fields, which stand in front, and the others."""
    pseudo: dict[bytes, bytes] = {}
    fields: list[tuple[bytes, bytes]] = []
    for name, value in lines:
        if not _VALUE.fullmatch(value) or value != value.strip(b" \t"):
            return None
        if name.startswith(b":"):
            if fields or name in pseudo or name not in _PSEUDO:
                return None
            pseudo[name] = value
        elif not _may_stand(name, value):
            return None
        else:
            fields.append((name, value))
    return pseudo, fields


def _may_stand(name: bytes, value: bytes) -> bool:
    if name == b"te":
        return value.lower() == b"trailers"
    return _NAME.fullmatch(name) is not None and name not in _HOP_BY_HOP


def _authority(pseudo: dict[bytes, bytes], fields: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """Return what both `:authority` and Host say; None where they differ or say nonsense."""
    told = {value for name, value in fields if name == b"host"}
    if b":authority" in pseudo:
        told.add(pseudo[b":authority"])
    if len(told) != 1:
        return None
    authority = told.pop()
    return authority if is_authority(authority) else None


def _is_request(method: bytes, path: bytes, protocol: bytes, pseudo: dict[bytes, bytes]) -> bool:
    if not _METHOD.fullmatch(method):
        return False
    if protocol and method != b"CONNECT":
        return False
    if method == b"CONNECT" and not protocol:
        return b":path" not in pseudo and b":scheme" not in pseudo
    if path == b"*" and method != b"OPTIONS":
        return False
    return pseudo.get(b":scheme") in (b"http", b"https") and _TARGET.fullmatch(path) is not None


def _whole_cookies(fields: Fields) -> Fields:
    crumbs = [value for name, value in fields if name == b"cookie"]
    if len(crumbs) < 2:
        return fields
    whole = b"; ".join(crumbs)
    first = next(at for at, line in enumerate(fields) if line[0] == b"cookie")
    rest = tuple(line for line in fields[first + 1 :] if line[0] != b"cookie")
    return (*fields[:first], (b"cookie", whole), *rest)
