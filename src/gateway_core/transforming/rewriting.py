"""JSON documents of answers, made anew by an expression for each request.

Rewritten is a 2xx answer of `application/json`, or of a type that ends in `+json`, to
whatever method, if it has content. What cannot be (no JSON, too large, too deep) is
refused, since a route may hide by this what nobody is to see; or passed on, if its
operator says so.

What is rewritten is another representation than the upstream's, so nothing may be said of
it that was said of those bytes:

    Content-Length, Accept-Ranges, digests, Last-Modified    go
    ETag        weak, and of this very shape: W/"x" is W/"x;s01234567" here, so that no
                client keeps what an older shape made. Where the shape looks at who asks,
                there is none.
    If-None-Match    translated back; tags of other makers are not shown to the upstream
    Range, If-Range, If-Modified-Since    end here: bytes and dates of something else

Cached is what the upstream said, so whatever the shape looks at, no client's answer is
another's. `no-transform` binds proxies that clients choose (RFC 9110, 7.7), not whoever
speaks for the origin.

Source: RFC 9110, sections 8.8.3, 13.1.2 and 14; RFC 9530 (digests); RFC 6839 (+json).
"""

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from ..composing import (
    ANSWER_MAX,
    Budget,
    Document,
    Flaw,
    Misfit,
    Shape,
    is_json,
    write_document,
)
from ..composing.syntax import Reference
from ..message import Fields, RequestHead, ResponseHead, value
from ..refusal import Refusal
from .roots import ROOTS, check_reference

SIZE_MAX: Final = 2**20
"""Bytes of an answer that is rewritten, unless the route says otherwise: held in memory whole,
and parsed in about 10 ms, in which nobody else is served."""

BODY: Final = "body"
"""What an expression calls the document."""

_OF_THE_RESOURCE: Final = frozenset({BODY, "path", "query"})
"""What is the same for whoever asks for one URL."""
_BODILESS: Final = frozenset({204, 205, 206})
_JSON: Final = b"application/json"
_GONE: Final = frozenset(
    {
        b"accept-ranges",
        b"content-digest",
        b"content-encoding",
        b"content-length",
        b"content-md5",
        b"digest",
        b"last-modified",
        b"repr-digest",
    }
)
_NOT_ASKED: Final = frozenset({b"if-modified-since", b"if-range", b"range"})
_PLAIN: Final = (b"", b"identity")
_ETAG: Final = b"etag"
_IF_NONE_MATCH: Final = b"if-none-match"
_TAG: Final = re.compile(rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_TAG_DIGITS: Final = 8


class Otherwise(enum.Enum):
    """What becomes of an answer that cannot be rewritten."""

    REFUSE = "refuse"
    PASS = "pass"  # noqa: S105 - that is what passing on is called


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What a route makes of its answers' documents. ConfigError, with the key as its path."""

    shape: Shape
    size_max: int = SIZE_MAX
    otherwise: Otherwise = Otherwise.REFUSE
    params: tuple[str, ...] = ()
    """What the route's path binds."""
    references: frozenset[Reference] = field(init=False, repr=False, compare=False)
    _mark: bytes = field(init=False, repr=False, compare=False)
    """What ends the tags of what this shape makes; b"" where an answer is one client's."""

    def __post_init__(self) -> None:
        """Check what the expressions refer to."""
        for place, expression in self.shape.expressions:
            key = f"document.{place}" if place else "document"
            for reference in expression.references:
                check_reference(key, expression.text, reference, self.params, (BODY, *ROOTS))
        references = self.shape.references
        object.__setattr__(self, "references", references)
        shared = _OF_THE_RESOURCE.union(self.params).issuperset(name[0] for name in references)
        object.__setattr__(self, "_mark", _digest(self.shape) if shared else b"")

    def asked(self, head: RequestHead) -> RequestHead:
        """Return the request, as it is meant for what the upstream has."""
        fields = tuple(self._asked(head.fields))
        return head if fields == head.fields else replace(head, fields=fields)

    def takes(self, status: int, fields: Fields) -> bool:
        """Whether the document behind a head is to be rewritten, or that which HEAD asks about."""
        if status // 100 != 2 or status in _BODILESS:
            return False
        return is_json(value(fields, b"content-type"))

    def flaw(self, head: ResponseHead) -> Flaw | None:
        """Return what the head tells by itself of why its document cannot be read."""
        if (value(head.fields, b"content-encoding") or b"").lower() not in _PLAIN:
            return Flaw.ENCODED
        return Flaw.TOO_LARGE if head.body > self.size_max else None

    def told(self, head: ResponseHead) -> ResponseHead:
        """Return the head of what is made of an answer; the length of its body is not known."""
        fields = tuple(self._told(head.fields))
        return ResponseHead(head.status, fields, head.body)

    def made(self, document: Document, scope: dict[str, Document], size: int) -> bytes | Refusal:
        """Return the body that is made of `document`, of `size` bytes, or why there is none."""
        made = self.shape.fill({**scope, BODY: document}, Budget())
        if isinstance(made, Misfit):
            place = f"at {made.place}, " if made.place else ""
            return _unfit("answer-misfit", f"{place}{made.fault.value}")
        body = write_document(made, ANSWER_MAX, expected=size * self.shape.copies)
        if body is None:
            return _unfit("answer-too-large", f"it would have over {ANSWER_MAX} bytes")
        return body

    def _asked(self, fields: Fields) -> Iterator[tuple[bytes, bytes]]:
        for name, told in fields:
            if name == _IF_NONE_MATCH:
                if kept := self._tags(told):
                    yield name, kept
            elif name not in _NOT_ASKED:
                yield name, told

    def _tags(self, told: bytes) -> bytes:
        """Return the upstream's tags that the client's were made of; `*` stays what it is."""
        if told.strip(b" \t") == b"*":
            return b"*"
        if not self._mark:
            return b""
        ours = [tag for _, tag in _TAG.findall(told) if tag.endswith(self._mark)]
        return b", ".join([_unmarked(tag) for tag in ours])

    def _told(self, fields: Fields) -> Iterator[tuple[bytes, bytes]]:
        for name, told in fields:
            if name == _ETAG:
                found = _TAG.fullmatch(told)
                if self._mark and found is not None:
                    kind = b"w" if found[1] else b"s"
                    yield name, b'W/"%b;%b%b"' % (found[2], kind, self._mark)
            elif name == b"content-type":
                yield name, _JSON
            elif name not in _GONE:
                yield name, told


def flawed(flaw: Flaw) -> Refusal:
    """Return the answer in the place of one whose body is no document."""
    return _unfit("answer-" + flaw.name.lower().replace("_", "-"), flaw.value)


def _unfit(reason: str, problem: str) -> Refusal:
    detail = f"The service's answer cannot be passed on as it is to be here: {problem}."
    return Refusal(502, reason, detail)


def _unmarked(tag: bytes) -> bytes:
    """Return the tag as its upstream wrote it: behind it, the kind it was of."""
    opaque, _, mark = tag.rpartition(b";")
    return b'W/"%b"' % opaque if mark.startswith(b"w") else b'"%b"' % opaque


def _digest(shape: Shape) -> bytes:
    told = "\0".join(f"{place}\0{each.text}" for place, each in shape.expressions)
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:_TAG_DIGITS].encode("ascii")
