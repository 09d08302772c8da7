"""Which requests one stored answer is for.

Two requests that say the same in other words are one. How a field may be written in other
words is that field's business: lists of quality values are sorted by what they prefer,
unless several things are preferred alike, where the order may matter to the origin.
Of fields that are not known, lines are joined, and white space around commas goes.

Source: RFC 9111, section 4.1; RFC 9110, sections 5.3, 12.4.2, 12.5.
"""

import re
from collections.abc import Iterable
from typing import Final

from ..message import Fields, values

VARY: Final = b"vary"
NAMES_MAX: Final = 32
"""Names in one Vary: an answer that depends on more is hardly ever asked for twice."""

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_LISTS_OF_PREFERENCES: Final = frozenset(
    {b"accept", b"accept-charset", b"accept-encoding", b"accept-language"}
)
_CASE_MATTERS_NOT: Final = frozenset(
    {b"accept", b"accept-charset", b"accept-encoding", b"accept-language", b"host", b"origin"}
)
_QUALITY: Final = re.compile(rb";[ \t]*+q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")


def vary_names(fields: Fields, always: Iterable[bytes] = ()) -> tuple[bytes, ...] | None:
    """Return the names that Vary's lines and `always` list, sorted; None if nothing will match.

    None for "*", for what is no list of names, and beyond NAMES_MAX of them.
    """
    names = set(always)
    for line in values(fields, VARY):
        for member in line.split(b","):
            name = member.strip(b" \t").lower()
            if name == b"*" or (name and not _NAME.fullmatch(name)):
                return None
            if name:
                names.add(name)
    return tuple(sorted(names)) if len(names) <= NAMES_MAX else None


def selecting_values(names: tuple[bytes, ...], fields: Fields) -> tuple[bytes | None, ...]:
    """Return what a request says in each of `names`; None where it says nothing."""
    return tuple(normalised(name, values(fields, name)) for name in names)


def normalised(name: bytes, lines: list[bytes]) -> bytes | None:
    """Return a field's lines as one text, the same for all that mean the same."""
    if not lines:
        return None
    if name in _LISTS_OF_PREFERENCES:
        return _preferences(lines)
    text = b",".join(lines)
    if b'"' not in text:  # within a quoted string a comma separates nothing
        text = b",".join(filter(None, (part.strip(b" \t") for part in text.split(b","))))
    return text.lower() if name in _CASE_MATTERS_NOT else text


def _preferences(lines: list[bytes]) -> bytes:
    """Return a list of quality values, each once, the most wanted first.

    Order is no preference by the letter of RFC 9110, 12.4.2: only weights are. What is
    wanted alike is therefore sorted by name. What is not understood stays as it is.
    """
    text = b",".join(lines).lower()
    if b'"' in text:
        return text
    ranked = [_ranked(name) for part in text.split(b",") if (name := part.strip(b" \t"))]
    return b",".join(
        name if thousandths == 1000 else b"%b;q=%d" % (name, thousandths)
        for thousandths, name in sorted(set(ranked), key=lambda rank: (-rank[0], rank[1]))
    )


def _ranked(member: bytes) -> tuple[int, bytes]:
    """Return how much a member is wanted, in thousandths, and what it is without that."""
    found = _QUALITY.search(member)
    if found is None:
        return 1000, member
    whole, _, part = found[1].partition(b".")
    at = found.start()
    return int(whole) * 1000 + int(part.ljust(3, b"0")), member[:at].rstrip(b" \t")
