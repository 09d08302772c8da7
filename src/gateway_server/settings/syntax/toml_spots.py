"""Where the values of a TOML file stand, which tomllib does not tell.

The text is known to be valid TOML 1.0, so this scanner judges nothing: it follows
headers, dotted keys, arrays and inline tables, and steps over everything else.
Where it loses its way it returns what it found so far, and never raises.
"""

import re
import tomllib
from contextlib import suppress
from typing import Final

from ..places import DEPTH_MAX, Span, Spot
from .parsed import Lines

_SPACE: Final = re.compile(r"[ \t]*")
_GAP: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\n]*'""")
_TEXT: Final = re.compile(
    r'"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*"{3,5}'
    r"|'''[^']*(?:'{1,2}(?!')[^']*)*'{3,5}"
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^\s,\]}#]+(?:[ ][^\s,\]}#]+)*")
"""One word, or two: a date and a time may stand apart by a space."""


class _LostError(Exception):
    """The text is not what this scanner takes it for."""


def locate(text: str) -> Spot:
    """Return the spots of a whole file, as far as they could be followed."""
    scanner = _Scanner(text)
    with suppress(_LostError):
        scanner.scan()
    return scanner.root


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._at = 0
        self.root = Spot(self._lines.span(0, 0))

    def scan(self) -> None:
        """Follow the statements; [headers] say which table the keys below belong to."""
        table = self.root
        self._skip(_GAP)
        while self._at < len(self._text):
            if self._sees("["):
                table = self._header()
            else:
                self._pair(table, 0)
            self._skip(_GAP)

    def _header(self) -> Spot:
        start = self._at
        is_list = self._text.startswith("[[", start)
        self._at += 2 if is_list else 1
        names = self._names()
        closing = "]]" if is_list else "]"
        self._skip(_SPACE)
        if not self._sees(closing):
            raise _LostError
        self._at += len(closing)
        at = self._lines.span(start, self._at)
        table = self.root
        for name, key in names:
            table = _within(_into(table), name, key, at)
        if is_list:
            table.children[len(table.children)] = member = Spot(at)
            return member
        table.value = at
        return _into(table)

    def _pair(self, table: Spot, depth: int) -> None:
        names = self._names()
        self._skip(_SPACE)
        self._take("=")
        self._skip(_SPACE)
        for name, key in names[:-1]:
            table = _within(_into(table), name, key, key)
        name, key = names[-1]
        spot = self._value(depth)
        spot.key = key
        table.children[name] = spot

    def _names(self) -> list[tuple[str, Span]]:
        """Follow a dotted key."""
        names: list[tuple[str, Span]] = []
        while True:
            self._skip(_SPACE)
            found = _KEY.match(self._text, self._at)
            if found is None:
                raise _LostError
            self._at = found.end()
            names.append((_unquoted(found.group()), self._lines.span(*found.span())))
            self._skip(_SPACE)
            if not self._sees("."):
                return names
            self._at += 1

    def _value(self, depth: int) -> Spot:
        if depth > DEPTH_MAX:
            raise _LostError
        if self._sees("["):
            return self._list(depth)
        if self._sees("{"):
            return self._table(depth)
        found = _TEXT.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
        if found is None:
            raise _LostError
        self._at = found.end()
        return Spot(self._lines.span(*found.span()))

    def _list(self, depth: int) -> Spot:
        start, spot = self._at, Spot()
        self._at += 1
        self._skip(_GAP)
        while not self._sees("]"):
            spot.children[len(spot.children)] = self._value(depth + 1)
            self._separator("]")
        return self._closed(spot, start)

    def _table(self, depth: int) -> Spot:
        start, spot = self._at, Spot()
        self._at += 1
        self._skip(_GAP)
        while not self._sees("}"):
            self._pair(spot, depth + 1)
            self._separator("}")
        return self._closed(spot, start)

    def _closed(self, spot: Spot, start: int) -> Spot:
        self._at += 1
        spot.value = self._lines.span(start, self._at)
        return spot

    def _separator(self, closing: str) -> None:
        self._skip(_GAP)
        if not self._sees(closing):
            self._take(",")
            self._skip(_GAP)

    def _sees(self, what: str) -> bool:
        return self._text.startswith(what, self._at)

    def _take(self, what: str) -> None:
        if not self._sees(what):
            raise _LostError
        self._at += len(what)

    def _skip(self, what: re.Pattern[str]) -> None:
        if (found := what.match(self._text, self._at)) is not None:
            self._at = found.end()


def _into(spot: Spot) -> Spot:
    """Return the table that keys below `spot` belong to: of a [[list]], its last member."""
    if spot.children:
        last = next(reversed(spot.children))
        if isinstance(last, int):
            return spot.children[last]
    return spot


def _within(table: Spot, name: str, key: Span, at: Span) -> Spot:
    """Return the table called `name` in `table`; it is made here if this is the first of it."""
    return table.children.setdefault(name, Spot(at, key))


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    if "\\" not in key:
        return key[1:-1]
    try:
        return next(iter(tomllib.loads(f"{key} = 0")))
    except ValueError:
        raise _LostError from None
