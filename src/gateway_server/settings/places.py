"""Where a setting stands: its path as the operator reads it, its line and column.

Lines and columns count from 1, columns in characters, as editors do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

DEPTH_MAX: Final = 64
"""Tables within tables. The schema needs 5; what is deeper is a mistake or an attack."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


class Span(NamedTuple):
    """A stretch of text; the end is the first position behind it."""

    line: int
    column: int
    end_line: int
    end_column: int


START: Final = Span(1, 1, 1, 1)


@dataclass(slots=True)
class Spot:
    """Where one value is written, and what is inside of it."""

    value: Span = START
    key: Span | None = None
    """Where its name is written; None for the members of a list, and for the whole file."""
    children: dict[str | int, "Spot"] = field(default_factory=dict["str | int", "Spot"])

    def nearest(self, path: KeyPath) -> tuple["Spot", KeyPath]:
        """Return the innermost spot on the way to `path`, and the path of that spot."""
        spot: Spot = self
        for depth, step in enumerate(path):
            child = spot.children.get(step)
            if child is None:
                return spot, path[:depth]
            spot = child
        return spot, path

    def walk(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, "Spot"]]:
        """Yield every spot inside of this one with its path, in the order of the file."""
        stack: list[tuple[KeyPath, Spot]] = [(path, self)]
        while stack:
            here, spot = stack.pop()
            yield here, spot
            stack.extend(((*here, step), child) for step, child in reversed(spot.children.items()))


def spell(path: KeyPath) -> str:
    """Write a path as the operator reads it: `routes[0].prefix`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}"
        else:
            text += "." + quote(step)
    return text.removeprefix(".")


def quote(text: str) -> str:
    """Return `text` in double quotes, with what a terminal must not see escaped."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f'"{shown}"'


def printable(text: str) -> str:
    """Return `text` without anything that a terminal would obey; of the same length."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
