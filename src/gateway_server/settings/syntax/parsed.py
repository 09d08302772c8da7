"""What each of the three parsers returns, and how each of them fails."""

from bisect import bisect_right
from dataclasses import dataclass

from ..places import Span, Spot
from ..problem import Finding


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as a tree of dict, list, str, int, float, bool, None (and TOML's dates)."""

    tree: object
    spot: Spot
    """The place of the whole file; its children mirror the tree."""
    faults: tuple[Finding, ...] = ()
    """Mistakes that do not keep the rest of the file from being read."""


class SyntaxFaultError(Exception):
    """The text is not of its syntax; nothing behind this place could be read."""

    def __init__(self, message: str, line: int = 0, column: int = 0, cure: str = "") -> None:
        """`line` and `column` count from 1; 0 where they are not known."""
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.cure = cure


class Lines:
    """Turns offsets into lines and columns."""

    def __init__(self, text: str) -> None:
        """Note where each line of `text` begins."""
        self._starts = [0]
        found = text.find("\n")
        while found >= 0:
            self._starts.append(found + 1)
            found = text.find("\n", found + 1)

    def span(self, start: int, end: int) -> Span:
        """Return the stretch between two offsets."""
        return Span(*self.position(start), *self.position(end))

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
