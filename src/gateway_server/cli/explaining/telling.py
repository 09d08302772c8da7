"""Facts as text: what is so on the left, and which line of the configuration says so.

Made of (text, style) pieces, so that a terminal may colour them; joined they are plain.
"""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from ...settings.places import KeyPath, Spot, printable, spell
from .case import Case
from .contract import Fact, Section

Piece: TypeAlias = tuple[str, str]
"""Text, and its style in rich's words; "" for none."""

WIDTH_MAX: Final = 72
"""Columns up to which places stand one below the other."""
_INDENT: Final = "  "


def pieces(
    case: Case, sections: Iterable[tuple[str, Section]], name: str, spot: Spot
) -> Iterator[Piece]:
    """Yield all sections that have facts. `spot` is the configuration's that is called `name`."""
    told = [(title, list(section(case))) for title, section in sections]
    placed = [_shown(fact) for _, facts in told for fact in facts if fact.said is not None]
    width = min(WIDTH_MAX, max(map(len, placed), default=0))
    for title, facts in told:
        if facts:
            yield f"\n{title}\n", "bold"
            for fact in facts:
                yield from _line(fact, width, name, spot)


def _line(fact: Fact, width: int, name: str, spot: Spot) -> Iterator[Piece]:
    shown = _shown(fact)
    place = "" if fact.said is None else _place(fact.said, name, spot)
    yield (f"{shown:<{width}}" if place else shown), ""
    yield (f"{_INDENT}{place}\n" if place else "\n"), "dim"


def _shown(fact: Fact) -> str:
    return printable(f"{_INDENT * (fact.depth + 1)}{fact.text}")


def _place(path: KeyPath, name: str, spot: Spot) -> str:
    """Return `gateway.toml:12`, or which key is left to its default."""
    found, there = spot.nearest(path)
    is_only_member = isinstance(path[-1], int) and there == path[:-1]
    if there != path and not is_only_member:
        return f"default of {spell(path)}"
    return f"{name}:{(found.key or found.value).line}"
