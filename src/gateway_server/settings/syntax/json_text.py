"""JSON (RFC 8259): read by the standard library, its places by a scanner of ours.

The scanner runs over text that is known to be valid, so that it only has to
count: it looks at strings and punctuation, and takes everything else as one scalar.
"""

import json
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from ..places import DEPTH_MAX, KeyPath, Span, Spot, quote
from ..problem import Finding
from .parsed import Lines, Parsed, SyntaxFaultError

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def parse_json(text: str) -> Parsed:
    """Read JSON. Keys that are written twice are faults. Raises SyntaxFaultError."""
    try:
        tree: object = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        cure = "JSON has no comments; TOML and YAML have" if _comment_at(text, error.pos) else ""
        raise SyntaxFaultError(f"no JSON: {error.msg}", error.lineno, error.colno, cure) from None
    except RecursionError:
        raise SyntaxFaultError(f"nested more than {DEPTH_MAX} deep") from None
    except ValueError as error:
        raise SyntaxFaultError(f"no JSON: {error}") from None
    spot, faults = _Scanner(text).scan()
    return Parsed(tree, spot, tuple(faults))


def _comment_at(text: str, offset: int) -> bool:
    return text.startswith(("//", "/*", "#"), offset)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number (RFC 8259, section 6)")


@dataclass(slots=True)
class _Open:
    """An object or array whose end has not come yet."""

    spot: Spot
    path: KeyPath
    start: int
    is_object: bool
    name: tuple[str, Span] | None = None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._stack: list[_Open] = []
        self._faults: list[Finding] = []
        self._root = Spot()

    def scan(self) -> tuple[Spot, list[Finding]]:
        for match in _TOKEN.finditer(self._text):
            piece, top = match.group(), self._stack[-1] if self._stack else None
            if piece in "{[":
                self._enter(match.start(), is_object=piece == "{")
            elif piece in "}]":
                self._leave(match.end())
            elif piece == "," and top:
                top.name = None
            elif piece[0] == '"' and top and top.is_object and top.name is None:
                top.name = (json.loads(piece), self._lines.span(*match.span()))
            elif piece not in ",:":
                self._add(self._lines.span(*match.span()))
        return self._root, self._faults

    def _enter(self, start: int, *, is_object: bool) -> None:
        if len(self._stack) >= DEPTH_MAX:
            line, column = self._lines.position(start)
            raise SyntaxFaultError(f"nested more than {DEPTH_MAX} deep", line, column)
        spot, path = self._add(self._lines.span(start, start + 1))
        self._stack.append(_Open(spot, path, start, is_object))

    def _leave(self, end: int) -> None:
        done = self._stack.pop()
        done.spot.value = self._lines.span(done.start, end)

    def _add(self, at: Span) -> tuple[Spot, KeyPath]:
        """Note a value at its place below the innermost object or array."""
        if not self._stack:
            self._root = Spot(at)
            return self._root, ()
        top = self._stack[-1]
        if not top.is_object:
            step: str | int = len(top.spot.children)
            spot = Spot(at)
        else:
            assert top.name is not None, "valid JSON names each member"
            step, key = top.name
            spot = Spot(at, key)
            if step in top.spot.children:
                self._faults.append(duplicate((*top.path, step), key, top.spot.children[step]))
        top.spot.children[step] = spot
        return spot, (*top.path, step)


def duplicate(path: KeyPath, at: Span, first: Spot) -> Finding:
    """Return the fault of a key that is written twice, the first time at `first`."""
    line = (first.key or first.value).line
    message = f"the key {quote(str(path[-1]))} is written twice"
    return Finding(path, message, f"it is in line {line} already", at=at)
