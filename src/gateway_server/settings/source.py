"""A configuration's text: from what a check found to a problem that can be shown."""

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from .places import Span, Spot, printable, spell
from .problem import Finding, Problem, Severity
from .secrets import Stretch, credentials, guessed, joined, known

MASK: Final = "***"
LINE_MAX: Final = 120
"""Characters of an excerpt: one line of a wide terminal."""
PROBLEMS_MAX: Final = 200
"""Told at once. Who has more has given the wrong file."""


class Source:
    """One configuration that has a name, lines, and a place for every value."""

    def __init__(self, name: str, text: str = "", spot: Spot | None = None) -> None:
        """`spot` is None where the text could not be read."""
        self.name = name
        self._lines = text.split("\n")
        self._spot = spot or Spot()
        self._is_read = spot is not None
        self._masks: dict[int, list[Stretch]] = {}

    def problems(self, findings: Iterable[Finding]) -> tuple[Problem, ...]:
        """Return the findings with their places, in file order; errors alone if there are many."""
        told = sorted(findings, key=self._order)
        if len(told) <= PROBLEMS_MAX:
            return tuple(map(self.problem, told))
        errors = [finding for finding in told if finding.severity is Severity.ERROR]
        shown = (errors or told)[:PROBLEMS_MAX]
        severity = shown[-1].severity
        rest = Problem(self.name, f"and {len(told) - len(shown)} more", severity=severity)
        return (*map(self.problem, shown), rest)

    def problem(self, finding: Finding) -> Problem:
        """Return what `finding` says, with its place and its line."""
        at = self._place(finding)
        _, path = self._spot.nearest(finding.path)
        shown = finding.path if finding.on_key or at is None else path
        line, column = (at.line, at.column) if at else (0, 0)
        excerpt, mark, width = self._excerpt(at) if at else ("", 0, 1)
        return Problem(
            self.name,
            printable(finding.message),
            spell(shown),
            line,
            column,
            printable(finding.help),
            finding.severity,
            excerpt,
            mark,
            width,
        )

    def syntax_problem(self, message: str, line: int, column: int, cure: str) -> Problem:
        """Return a mistake of syntax; line 0 where it is not known."""
        is_there = 0 < line <= len(self._lines)
        at = Span(line, max(1, column), line, max(1, column) + 1) if is_there else None
        return self.problem(Finding((), message, cure, at=at))

    def _place(self, finding: Finding) -> Span | None:
        """Return what is marked; None for the file as a whole."""
        if finding.at is not None:
            return finding.at
        spot, path = self._spot.nearest(finding.path)
        if not path:
            return None
        return spot.key if finding.on_key and spot.key else spot.value

    def _order(self, finding: Finding) -> tuple[int, int]:
        at = self._place(finding)
        return (at.line, at.column) if at else (0, 0)

    def _excerpt(self, at: Span) -> tuple[str, int, int]:
        """Return the line at a place as it may be shown, and what of it is marked."""
        if at.line > len(self._lines):
            return "", 0, 1
        line = self._lines[at.line - 1].rstrip()
        start = min(at.column - 1, len(line))
        end = min(at.end_column - 1, len(line)) if at.end_line == at.line else len(line)
        low, high = max(0, start - 2 * LINE_MAX), start + 2 * LINE_MAX
        masks = joined(self._secret(at.line, line), low, min(high, len(line)))
        text, mark, width = _masked(line[:high], start, max(end, start + 1), masks, low)
        return _cropped(printable(text.replace("\t", " ")), mark, width)

    def _secret(self, number: int, line: str) -> list[Stretch]:
        if number not in self._masks:
            more = self._known.get(number, []) if self._is_read else guessed(self._lines, number)
            self._masks[number] = credentials(line) + more
        return self._masks[number]

    @cached_property
    def _known(self) -> dict[int, list[Stretch]]:
        return known(self._spot)


def _masked(
    line: str, start: int, end: int, masks: list[Stretch], low: int
) -> tuple[str, int, int]:
    """Return `line` from `low` on with its masks, and where the stretch to mark is in it."""
    text, at = "", low
    begin, stop = start - low, end - low
    for first, last in masks:
        text += line[at:first] + MASK
        at, longer = last, len(MASK) - (last - first)
        if start >= last:
            begin += longer
        elif start > first:
            begin = len(text) - len(MASK)
        if end >= last:
            stop += longer
        elif end > first:
            stop = len(text)
    return text + line[at:], begin, max(1, stop - begin)


def _cropped(text: str, mark: int, width: int) -> tuple[str, int, int]:
    """Return the part of a long line that the mark is in."""
    if len(text) <= LINE_MAX:
        return text, mark, min(width, max(1, len(text) - mark))
    start = max(0, min(mark - LINE_MAX // 3, len(text) - LINE_MAX))
    cut = text[start : start + LINE_MAX]
    if start:
        cut = "…" + cut[1:]
    if start + LINE_MAX < len(text):
        cut = cut[:-1] + "…"
    return cut, mark - start, max(1, min(width, LINE_MAX - (mark - start)))
