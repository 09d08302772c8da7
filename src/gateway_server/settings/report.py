"""Problems as a compiler shows them.

    error: prefix: '/a' ...
      --> gateway.toml:12:10
       |
    12 | prefix = "a"
       |          ^^^
       = help: write "/a"

Made of (text, style) pieces, so that a terminal may colour them; `plain` joins them.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from .places import printable
from .problem import Problem, Severity

Piece: TypeAlias = tuple[str, str]
"""Text, and its style in rich's words; "" for none."""

_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}
_FRAME: Final = "blue"


def plain(problems: Iterable[Problem]) -> str:
    """Return all problems as text, a blank line between them."""
    return "".join(text for problem in problems for text, _ in pieces(problem))


def pieces(problem: Problem) -> Iterator[Piece]:
    """Yield one problem and the blank line behind it."""
    style = _STYLES[problem.severity]
    where = f"{problem.path}: " if problem.path else ""
    gutter = " " * len(str(problem.line or ""))
    yield problem.severity.value, style
    yield f": {printable(where + problem.message)}\n", "bold"
    yield f"{gutter} --> ", _FRAME
    yield f"{printable(problem.file)}{_position(problem)}\n", ""
    if problem.excerpt:
        yield from _excerpt(problem, gutter, style)
    if problem.help:
        yield f"{gutter}  = ", _FRAME
        yield "help", "bold"
        yield f": {printable(problem.help)}\n", ""
    yield "\n", ""


def counted(problems: Iterable[Problem]) -> str:
    """Return "2 errors, 1 warning"."""
    told = list(problems)
    counts = {kind: sum(problem.severity is kind for problem in told) for kind in Severity}
    return ", ".join(
        f"{count} {kind.value}{'' if count == 1 else 's'}"
        for kind, count in counts.items()
        if count
    )


def _position(problem: Problem) -> str:
    return f":{problem.line}:{problem.column}" if problem.line else ""


def _excerpt(problem: Problem, gutter: str, style: str) -> Iterator[Piece]:
    before = problem.excerpt[: problem.mark]
    marked = problem.excerpt[problem.mark : problem.mark + problem.width]
    yield f"{gutter}  |\n{problem.line}  | ", _FRAME
    yield f"{problem.excerpt}\n", ""
    yield f"{gutter}  | ", _FRAME
    yield " " * _cells(before), ""
    yield "^" * max(1, _cells(marked)) + "\n", style


def _cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
