"""Cache-Control and CDN-Cache-Control of an answer, a line of the input each.

Invariant: any bytes give directives; what forbids is never lost, whatever stands beside it
on its line or others; a further line makes no lifetime longer; a reader that goes byte by
byte (the oracle) finds the same members; what is printed of them is read again the same.
"""

from dataclasses import fields
from typing import Final

from gateway_core.caching.directives import (
    DELTA_MAX,
    Directive,
    parse_directives,
    request_directives,
    response_directives,
)

SEEDS: Final[list[bytes]] = [
    b"max-age=60, s-maxage=9, public",
    b'no-cache="set-cookie, x", private',
    b"no-store\nmax-age=1",
    b'x="a, no-store\\", y", must-revalidate',
    b'x="a, no-store',
    b"max-age=99999999999999999999999, stale-while-revalidate=-1",
    b"CDN: max-age=60, no-store=?0",
    b'CDN: max-age="60", (',
    b"max-stale, min-fresh=x, only-if-cached",
]
_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check(data: bytes) -> None:
    """Take each line of `data` for one of Cache-Control; after `CDN:`, of the targeted field."""
    lines = data.split(b"\n")[:20]
    fields_ = tuple(
        (b"cdn-cache-control", line[4:].strip())
        if line.startswith(b"CDN:")
        else (b"cache-control", line.strip(b" \t"))
        for line in lines
    )
    said = response_directives(fields_)
    for known in fields(said):
        value = getattr(said, known.name)
        assert not isinstance(value, int) or 0 <= value <= DELTA_MAX
    plain = [line for name, line in fields_ if name == b"cache-control"]
    request_directives(plain)
    alone = tuple((b"cache-control", line) for line in plain)
    strict = response_directives((*alone, (b"cache-control", b"no-store, max-age=7")))
    assert strict.no_store
    assert strict.max_age is not None
    assert strict.max_age <= 7
    for line in plain:
        together = response_directives(((b"cache-control", b"private, " + line),))
        assert together.private
        _same_as_byte_by_byte(line)


def _same_as_byte_by_byte(line: bytes) -> None:
    if not _closed(line):
        return
    found = list(parse_directives([line]))
    assert [directive.name for directive in found] == _names(line)
    again = list(parse_directives([b", ".join(_printed(directive) for directive in found)]))
    assert [(one.name, one.value) for one in again] == [(one.name, one.value) for one in found]


def _printed(directive: Directive) -> bytes:
    if directive.value is None:
        return directive.name
    text = directive.value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'%b="%b"' % (directive.name, text)


def _closed(line: bytes) -> bool:
    return _members(line)[1]


def _members(line: bytes) -> tuple[list[bytes], bool]:
    """Split at commas outside quotes; tell whether the last quote is closed."""
    members, member, quoted, escaped = [], bytearray(), False, False
    for byte in line:
        if quoted and not escaped and byte == 0x5C:
            escaped = True
        elif byte == 0x22 and not escaped:
            quoted = not quoted
        else:
            escaped = False
        if byte == 0x2C and not quoted:
            members.append(bytes(member))
            member.clear()
        else:
            member.append(byte)
    return [*members, bytes(member)], not quoted


def _names(line: bytes) -> list[bytes]:
    names = [member.strip(b" \t").partition(b"=")[0].strip(b" \t") for member in _members(line)[0]]
    return [name.lower() for name in names if name and not name.strip(_TOKEN) and _is_token(name)]


def _is_token(name: bytes) -> bool:
    return all(byte in _TOKEN for byte in name)
