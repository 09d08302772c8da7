"""What a message says about caching: Cache-Control, and CDN-Cache-Control above it.

Contradictions are read the stricter way: of two lifetimes the shorter counts, a lifetime
that is no number is none, and what forbids goes before what allows. So is what is malformed:
behind a quote that is never closed, words that forbid still count, and words that allow do not.

Source: RFC 9111, sections 1.2.2 and 5.2; RFC 9213; RFC 5861; RFC 8246.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from ..message import Fields, values
from .structured import Other, Token, Value, parse_dictionary

CACHE_CONTROL: Final = b"cache-control"
CDN_CACHE_CONTROL: Final = b"cdn-cache-control"
"""The targeted field for shared caches in front of an origin (RFC 9213, 3.1)."""

DELTA_MAX: Final = 2**31
"""Seconds. What is greater counts as this (RFC 9111, 1.2.2)."""
_DIGITS_MAX: Final = 18
_FIELDS_MAX: Final = 64
"""Names in one no-cache="..." or private="..."; more are taken for all fields."""

_MEMBERS: Final = re.compile(rb'(?:[^",]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
_CLOSED: Final = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDING: Final = frozenset(
    {b"no-store", b"no-cache", b"private", b"must-revalidate", b"proxy-revalidate"}
)


class Directive(NamedTuple):
    """One member of Cache-Control."""

    name: bytes
    """In lower case: names are case-insensitive (RFC 9111, 5.2)."""
    value: bytes | None
    """Unquoted; None where there is none."""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class ResponseDirectives:
    """What an answer allows and forbids (RFC 9111, 5.2.2). Lifetimes in seconds."""

    no_store: bool = False
    no_cache: bool = False
    """All of it may be used only once the origin has confirmed it."""
    no_cache_fields: frozenset[bytes] = frozenset()
    """The same for these fields alone."""
    private: bool = False
    private_fields: frozenset[bytes] = frozenset()
    public: bool = False
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    must_understand: bool = False
    max_age: int | None = None
    s_maxage: int | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None
    targeted: bool = False
    """Whether CDN-Cache-Control said so: Expires does not count then (RFC 9213, 2.2)."""

    @property
    def forbids_stale(self) -> bool:
        """Whether a shared cache must never use it stale (5.2.2.2, 5.2.2.8, 5.2.2.10)."""
        return self.must_revalidate or self.proxy_revalidate or self.s_maxage is not None


@dataclass(frozen=True, slots=True)
class RequestDirectives:
    """What a client wants (RFC 9111, 5.2.1). In seconds."""

    no_store: bool = False
    no_cache: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    max_stale: int = 0
    min_fresh: int = 0


_NOTHING_SAID: Final = ResponseDirectives()
NOTHING_WANTED: Final = RequestDirectives()


def response_directives(fields: Fields) -> ResponseDirectives:
    """Return what an answer says: its targeted field if that is valid and says anything."""
    if targeted := values(fields, CDN_CACHE_CONTROL):
        members = parse_dictionary(b", ".join(targeted))
        if members:
            return _targeted(members)
    lines = values(fields, CACHE_CONTROL)
    return _of_response(list(parse_directives(lines))) if lines else _NOTHING_SAID


def request_directives(lines: Sequence[bytes]) -> RequestDirectives:
    """Return what the lines of a request's Cache-Control say."""
    told: dict[bytes, list[Directive]] = {}
    for directive in parse_directives(lines):
        told.setdefault(directive.name, []).append(directive)
    stale = told.get(b"max-stale", [])
    return RequestDirectives(
        no_store=b"no-store" in told,
        no_cache=b"no-cache" in told,
        only_if_cached=b"only-if-cached" in told,
        max_age=_least(told, b"max-age"),
        max_stale=min(
            [DELTA_MAX if d.value is None else delta(d.value) or 0 for d in stale] or [0]
        ),
        min_fresh=max([_at_most(d.value) for d in told.get(b"min-fresh", [])] or [0]),
    )


def parse_directives(lines: Sequence[bytes]) -> Iterator[Directive]:
    """Yield the members of Cache-Control's lines, in order.

    A quoted string never reaches beyond its line. Where a quote is not closed, what stands
    behind it is also read as if it were none, for what it forbids.
    """
    for line in lines:
        for member in _MEMBERS.findall(line):
            if directive := _directive(member):
                yield directive
        closed = _CLOSED.match(line)
        if closed is not None and closed.end() < len(line):
            for word in _NAME.findall(line, closed.end()):
                if word.lower() in _FORBIDDING:
                    yield Directive(word.lower(), None)


def _directive(member: bytes) -> Directive | None:
    name, equals, value = member.strip(b" \t").partition(b"=")
    if not _NAME.fullmatch(name.rstrip(b" \t")):
        return None
    if name != name.rstrip(b" \t"):
        value = b" " + value  # no white space may stand there: the value is invalid
    name = name.rstrip(b" \t").lower()
    if not equals:
        return Directive(name, None)
    if len(value) > 1 and value[:1] == value[-1:] == b'"':
        return Directive(name, _ESCAPED.sub(rb"\1", value[1:-1]), quoted=True)
    return Directive(name, value)


def delta(text: bytes | None) -> int | None:
    """Return the seconds that `text` says (RFC 9111, 1.2.2), or None if it is no number."""
    if text is None or not text.isdigit():
        return None
    return min(int(text), DELTA_MAX) if len(text) <= _DIGITS_MAX else _long_delta(text)


def _long_delta(text: bytes) -> int:
    digits = text.lstrip(b"0")
    return min(int(digits or b"0"), DELTA_MAX) if len(digits) <= _DIGITS_MAX else DELTA_MAX


def _at_most(text: bytes | None) -> int:
    seconds = delta(text)
    return DELTA_MAX if seconds is None else seconds


def _least(told: Mapping[bytes, list[Directive]], name: bytes) -> int | None:
    """Return the shortest lifetime called `name`; what is no number is 0."""
    found = told.get(name)
    return min(delta(directive.value) or 0 for directive in found) if found else None


def _of_response(directives: list[Directive]) -> ResponseDirectives:
    told: dict[bytes, list[Directive]] = {}
    for directive in directives:
        told.setdefault(directive.name, []).append(directive)
    no_cache, no_cache_fields = _qualified(told.get(b"no-cache", []))
    private, private_fields = _qualified(told.get(b"private", []))
    return ResponseDirectives(
        no_store=b"no-store" in told,
        no_cache=no_cache,
        no_cache_fields=no_cache_fields,
        private=private,
        private_fields=private_fields,
        public=b"public" in told,
        must_revalidate=b"must-revalidate" in told,
        proxy_revalidate=b"proxy-revalidate" in told,
        must_understand=b"must-understand" in told,
        max_age=_least(told, b"max-age"),
        s_maxage=_least(told, b"s-maxage"),
        stale_while_revalidate=_least(told, b"stale-while-revalidate"),
        stale_if_error=_least(told, b"stale-if-error"),
    )


def _qualified(found: list[Directive]) -> tuple[bool, frozenset[bytes]]:
    """Return whether a directive is meant for the whole answer, and the fields it is meant for."""
    whole, fields = False, frozenset[bytes]()
    for directive in found:
        names = _field_names(directive.value) if directive.quoted else frozenset[bytes]()
        whole = whole or not names
        fields |= names
    return whole, fields


def _field_names(text: bytes | None) -> frozenset[bytes]:
    """Return the names of a list, or none at all if there is anything else in it."""
    names = [name.strip(b" \t").lower() for name in (text or b"").split(b",")]
    if len(names) > _FIELDS_MAX or not all(_NAME.fullmatch(name) for name in names if name):
        return frozenset()
    return frozenset(name for name in names if name)


_Members: TypeAlias = Mapping[bytes, Value]


def _targeted(members: _Members) -> ResponseDirectives:
    no_cache, no_cache_fields = _targeted_fields(members, b"no-cache")
    private, private_fields = _targeted_fields(members, b"private")
    return ResponseDirectives(
        no_store=_targeted_flag(members, b"no-store"),
        no_cache=no_cache,
        no_cache_fields=no_cache_fields,
        private=private,
        private_fields=private_fields,
        public=_targeted_flag(members, b"public"),
        must_revalidate=_targeted_flag(members, b"must-revalidate"),
        proxy_revalidate=_targeted_flag(members, b"proxy-revalidate"),
        must_understand=_targeted_flag(members, b"must-understand"),
        max_age=_targeted_delta(members, b"max-age"),
        s_maxage=_targeted_delta(members, b"s-maxage"),
        stale_while_revalidate=_targeted_delta(members, b"stale-while-revalidate"),
        stale_if_error=_targeted_delta(members, b"stale-if-error"),
        targeted=True,
    )


def _targeted_flag(members: _Members, name: bytes) -> bool:
    return members.get(name, False) is not False


def _targeted_delta(members: _Members, name: bytes) -> int | None:
    """Return the seconds; 0 for a value of another type (RFC 9213, 2.1: integers)."""
    told = members.get(name)
    if told is None:
        return None
    if isinstance(told, int) and not isinstance(told, bool):
        return min(max(told, 0), DELTA_MAX)
    return 0


def _targeted_fields(members: _Members, name: bytes) -> tuple[bool, frozenset[bytes]]:
    told = members.get(name, False)
    if isinstance(told, bytes):
        names = _field_names(told)
        return not names, names
    if isinstance(told, Token | Other | tuple):
        return True, frozenset()
    return told is not False, frozenset()
