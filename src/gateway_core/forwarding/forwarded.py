"""The Forwarded field: who sent a request on, and for whom.

Read from the right. Each proxy appends at the right end, so that only the right
end was written by somebody we know; what stands left of it may be built to mislead
a reader that starts there (`for="x` swallows all that is appended to it).

Source: RFC 7239, sections 4 to 6.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from .names import is_token
from .trust import Host, parse_host

UNKNOWN_NODE: Final = b"unknown"
"""An address that is not known: RFC 7239, 6.2; X-Forwarded-For took it from there."""

_NODE_MAX: Final = 64
"""Bytes of the longest node that we read: an IPv6 address, brackets, a port."""

_PORT: Final = re.compile(rb":(?:[0-9]{1,5}|_[A-Za-z0-9._-]+)")

# Values that should be quoted and often are not (`for=[::1]:80`) are taken as they are.
_PAIR: Final = re.compile(
    rb"""[ \t]*+(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*+)"|([^";,\s]++)))?[ \t]*+(?:;|\Z)"""
)
_ESCAPED: Final = re.compile(rb"\\(.)")


class Element(NamedTuple):
    """What one proxy tells of the request that it received."""

    client: Host
    proto: bytes = b""
    host: bytes = b""


def read_backwards(lines: Iterable[bytes], most: int) -> Iterator[Element | None]:
    """Yield the last `most` elements of a Forwarded field, the last one first.

    None stands for an element that is malformed or hides its client (`unknown`,
    `_hidden`); nothing left of it can be relied on. Linear in the field's length.
    """
    for line in lines:
        for text in _split_backwards(line):
            if most <= 0:
                return
            most -= 1
            yield _element(text)


def _split_backwards(line: bytes) -> Iterator[bytes]:
    """Yield what stands between commas, the last first, where quotes come in pairs."""
    masked = _without_escapes(line)
    end = start = len(line)
    quotes = 0
    while start >= 0:
        comma = masked.rfind(b",", 0, start)
        quotes += masked.count(b'"', comma + 1, start)
        start = comma
        if quotes % 2 == 0 or comma < 0:
            text = line[comma + 1 : end]
            end = comma
            quotes = 0
            if text.strip(b" \t"):  # a list may have empty members (RFC 9110, 5.6.1)
                yield text


def _without_escapes(line: bytes) -> bytes:
    """Return `line`, as long as it was, without the quotes that end no quoted string."""
    return line.replace(b"\\\\", b"__").replace(b'\\"', b"__")


def _element(text: bytes) -> Element | None:
    pairs = _pairs(text)
    client = parse_node(pairs.get(b"for", b""))
    if client is None:
        return None
    return Element(client, pairs.get(b"proto", b""), pairs.get(b"host", b""))


def _pairs(text: bytes) -> dict[bytes, bytes]:
    """Return an element's parameters by lower-case name; none at all if it is malformed."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None:
            return {}
        at = match.end()
        if match[1] is not None:
            name = match[1].lower()
            if name in found:  # RFC 7239, 4: "MUST NOT occur more than once"
                return {}
            found[name] = match[3] if match[2] is None else _ESCAPED.sub(rb"\1", match[2])
    return found


def parse_node(node: bytes) -> Host | None:
    """Return the host of a node identifier, with or without a port (RFC 7239, 6).

    X-Forwarded-For knows the same spellings, and the bare IPv6 address besides.
    """
    if len(node) > _NODE_MAX:
        return None
    host, port, six = node, b"", False
    if node.startswith(b"["):
        host, closed, port = node[1:].partition(b"]")
        six = True
        if not closed:
            return None
    elif node.count(b":") == 1:
        host, colon, after = node.partition(b":")
        port = colon + after
    if port and _PORT.fullmatch(port) is None:
        return None
    if six and b":" not in host:
        return None
    return parse_host(host.decode("ascii", "replace"))


def is_appendable(line: bytes) -> bool:
    """Whether what is appended to `line` would be read as an element of its own."""
    return _without_escapes(line).count(b'"') % 2 == 0


def element(address: str, host: bytes, scheme: str) -> bytes:
    """Write one element: who sent the request, and what it was sent to."""
    named = host and b";host=" + _word(host)
    return b"for=%b%b;proto=%b" % (node(address), named, scheme.encode("ascii"))


def node(address: str) -> bytes:
    """Write a node identifier; `address` is "" where there is none (6.2)."""
    if ":" in address:
        return b'"[%b]"' % address.encode("ascii")  # the brackets need the quotes
    return address.encode("ascii") or UNKNOWN_NODE


def _word(text: bytes) -> bytes:
    """Write a token as it is, anything else as a quoted string (RFC 9110, 5.6.4)."""
    if is_token(text):
        return text
    return b'"%b"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
