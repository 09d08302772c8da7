"""Which answers are compressed for whom, and what their heads say then.

By option of a route, since who compresses what holds a secret beside what a client can
choose tells its length (BREACH). Compressed is what gains by it: text of a kilobyte and
more, never what is encoded already, a part of something, or a stream of events, whose
delay nobody would forgive. The client chooses the coding; between those that it likes
equally, we do.

    Vary             says Accept-Encoding wherever the answer could have been another
    ETag             becomes weak: other bytes, the same meaning (RFC 9110, 8.8.1)
    Content-Length, Accept-Ranges, digests   are of the bytes that were, and go

Source: RFC 9110, sections 8.4, 12.5.3 and 12.5.5; RFC 9530 (digests); RFC 8878 (zstd).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from .message import UNKNOWN, Fields, ResponseHead, members, value, values

CODINGS: Final = ("zstd", "br", "gzip")
"""Those that we know, the one that gains most for its time first."""

SIZE_MIN: Final = 1024
"""Bytes below which a packet is saved by nobody: an answer with its head fits in one."""

TYPES: Final = (
    "application/geo+json",
    "application/javascript",
    "application/json",
    "application/ld+json",
    "application/manifest+json",
    "application/problem+json",
    "application/rss+xml",
    "application/wasm",
    "application/xml",
    "image/svg+xml",
    "text/*",
)
"""Media types of text. Pictures, films and archives are compressed by themselves."""

EVENTS: Final = b"text/event-stream"

_ACCEPT_REMEMBERED_MAX: Final = 256
_ACCEPT_MAX: Final = 256
"""Bytes of an Accept-Encoding that is read; browsers send 30."""
_WEIGHT: Final = re.compile(rb"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_STALE: Final = frozenset(
    {
        b"accept-ranges",
        b"content-digest",
        b"content-length",
        b"content-md5",
        b"digest",
        b"repr-digest",
    }
)
"""What is said of the bytes that were."""
_NO_BODY: Final = frozenset({204, 205, 304})
_ACCEPT_ENCODING: Final = b"accept-encoding"


@dataclass(frozen=True, slots=True)
class Compression:
    """What a route compresses."""

    codings: tuple[str, ...] = CODINGS
    """Those that may be used, the one that is liked most first."""
    size_min: int = SIZE_MIN
    types: tuple[str, ...] = TYPES
    """Media types in lower case; `text/*` for all of a kind."""
    _exact: frozenset[bytes] = field(init=False, repr=False, compare=False)
    _kinds: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exact = frozenset(name.encode() for name in self.types if not name.endswith("/*"))
        kinds = tuple(name[:-1].encode() for name in self.types if name.endswith("/*"))
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_kinds", kinds)

    def takes(self, media_type: bytes) -> bool:
        """Whether answers of this Content-Type gain by being compressed."""
        name = media_type.partition(b";")[0].strip(b" \t").lower()
        if name == EVENTS:
            return False
        return name in self._exact or name.startswith(self._kinds)


def compressed(head: ResponseHead, asked: Fields, rule: Compression) -> tuple[ResponseHead, str]:
    """Return the head to answer with, and the coding of the body behind it; "" for none.

    `asked` are the client's fields. A 304 says what the answer that it stands for would.
    """
    if not _may_compress(head, rule):
        return head, ""
    coding = chosen(asked, rule)
    fields = _varying(head.fields)
    if not coding:
        return ResponseHead(head.status, fields, head.body), ""
    fields = tuple(
        (name, _weak(told) if name == b"etag" else told)
        for name, told in fields
        if head.status == 304 or name not in _STALE
    )
    if head.status == 304:
        return ResponseHead(304, fields, head.body), ""
    fields = (*fields, (b"content-encoding", coding.encode("ascii")))
    return ResponseHead(head.status, fields, UNKNOWN), coding


def chosen(asked: Fields, rule: Compression) -> str:
    """Return the coding that the client likes most, of those that `rule` has; "" for none."""
    told = b",".join(values(asked, _ACCEPT_ENCODING))
    return _chosen(told, rule.codings) if len(told) <= _ACCEPT_MAX else ""


@lru_cache(maxsize=_ACCEPT_REMEMBERED_MAX)
def _chosen(accepted: bytes, codings: tuple[str, ...]) -> str:
    """RFC 9110, 12.5.3: what is not listed has the weight of `*`, or is not welcome."""
    weights = dict(_weights(accepted))
    others = weights.get("*", 0.0)
    best, weight = "", 0.0
    for coding in codings:
        liked = weights.get(coding, others)
        if liked > weight:
            best, weight = coding, liked
    return best if weight >= weights.get("identity", 0.0) else ""


def _weights(accepted: bytes) -> Iterator[tuple[str, float]]:
    for member in accepted.split(b","):
        name, *parameters = (piece.strip(b" \t") for piece in member.split(b";"))
        weight = 1.0
        for parameter in parameters:
            found = _WEIGHT.fullmatch(parameter)
            weight = float(found[1]) if found else 0.0  # what cannot be read is not liked
        coding = name.decode("latin-1").lower()
        yield ("gzip" if coding == "x-gzip" else coding), weight


def _may_compress(head: ResponseHead, rule: Compression) -> bool:
    """Whether any client could have this answer compressed."""
    fields, status = head.fields, head.status
    if status == 304:
        return True
    if status < 200 or status in _NO_BODY or status == 206:
        return False
    if not rule.takes(value(fields, b"content-type") or b""):
        return False
    coding = value(fields, b"content-encoding")
    if coding is not None and coding.lower() not in (b"", b"identity"):
        return False
    if any(each.lower() == b"no-transform" for each in members(fields, b"cache-control")):
        return False
    length = value(fields, b"content-length")
    return length is None or not length.isdigit() or int(length[:18]) >= rule.size_min


def _varying(fields: Fields) -> Fields:
    """Return the fields with Accept-Encoding among what the answer varies by."""
    for name in members(fields, b"vary"):
        if name == b"*" or name.lower() == _ACCEPT_ENCODING:
            return fields
    return (*fields, (b"vary", b"Accept-Encoding"))


def _weak(tag: bytes) -> bytes:
    return tag if tag.startswith(b"W/") else b"W/" + tag
