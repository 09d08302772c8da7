"""Dictionaries of Structured Fields: the one shape of them that caching reads.

What cannot be parsed is no dictionary at all, never half of one (section 4.2).

Source: RFC 9651, sections 3.2 and 4.2 (RFC 8941 before it).
"""

import re
from typing import Final, NamedTuple, TypeAlias

_KEY: Final = rb"[a-z*][a-z0-9_.*-]*+"
_BARE: Final = (
    rb"-?[0-9]{1,12}\.[0-9]{1,3}(?![0-9.])|-?[0-9]{1,15}(?![0-9.])"
    rb'|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*+"'
    rb"|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*+"
    rb"|:[A-Za-z0-9+/]*+={0,2}:|\?[01]|@-?[0-9]{1,15}(?![0-9.])"
)
_PARAMETERS: Final = rb"(?:;\x20*+" + _KEY + rb"(?:=(?:" + _BARE + rb"))?)*+"
_ITEM: Final = rb"(?:" + _BARE + rb")" + _PARAMETERS
_INNER: Final = rb"\((?P<items>\x20*+(?:" + _ITEM + rb"(?:\x20++|(?=\))))*+)\)" + _PARAMETERS
_MEMBER: Final = re.compile(
    rb"(?P<key>" + _KEY + rb")"
    rb"(?:=(?:(?P<bare>" + _BARE + rb")" + _PARAMETERS + rb"|" + _INNER + rb")"
    rb"|" + _PARAMETERS + rb")"
)
_COMMA: Final = re.compile(rb"[ \t]*+,[ \t]*+(?=[^ \t])")
_ESCAPED: Final = re.compile(rb"\\(.)")


class Token(NamedTuple):
    """A word that is no string, such as the value of `mode=fast`."""

    text: bytes


class Other(NamedTuple):
    """A value of a type that caching has no use for, as it was written."""

    text: bytes


Inner: TypeAlias = tuple["Bare", ...]
Bare: TypeAlias = bool | int | bytes | Token | Other
"""A boolean, an integer, a string, a token, or something else."""
Value: TypeAlias = Bare | Inner


def parse_dictionary(text: bytes) -> dict[bytes, Value] | None:
    """Return the members of a dictionary, their parameters left out; None if `text` is none.

    The last member of a name counts. An empty field is an empty dictionary. Of a field
    of several lines, `text` is all of them joined by commas (section 4.2).
    """
    text = text.strip(b" ")
    members: dict[bytes, Value] = {}
    at = 0
    while at < len(text):
        found = _MEMBER.match(text, at)
        if found is None:
            return None
        members[found["key"]] = _value(found)
        at = found.end()
        if at < len(text):
            comma = _COMMA.match(text, at)
            if comma is None:
                return None
            at = comma.end()
    return members


_INNER_ITEM: Final = re.compile(rb"(" + _BARE + rb")" + _PARAMETERS)


def _value(found: re.Match[bytes]) -> Value:
    if found["items"] is not None:
        return tuple(_bare(item[1]) for item in _INNER_ITEM.finditer(found["items"]))
    return True if found["bare"] is None else _bare(found["bare"])


def _bare(text: bytes) -> Bare:
    first = text[:1]
    if first == b'"':
        return _ESCAPED.sub(rb"\1", text[1:-1])
    if first == b"?":
        return text == b"?1"
    if first in b":@" or (b"." in text and first in b"-0123456789"):
        return Other(text)
    if first in b"-0123456789":
        return int(text)
    return Token(text)
