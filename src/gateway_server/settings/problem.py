"""One thing that is wrong with a configuration, and all of them together.

A Finding is what a check says, by the key's path; a Problem is the same thing ready
to be shown: with its place in the file and the line as it stands there, masked.
"""

import enum
from dataclasses import dataclass

from .places import KeyPath, Span, printable


class Severity(enum.Enum):
    """Whether the gateway starts in spite of it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says about one key."""

    path: KeyPath
    message: str
    help: str = ""
    severity: Severity = Severity.ERROR
    at: Span | None = None
    """Where, if not where `path` leads."""
    on_key: bool = False
    """Whether the key itself is marked, not its value."""
    echoes: bool = False
    """Whether the message repeats the value, which then must not be secret."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and the cure. Holds no secret."""

    file: str
    message: str
    path: str = ""
    """As `routes[0].prefix`; "" where no one key is to blame."""
    line: int = 0
    """Counted from 1; 0 where the file has no such place."""
    column: int = 0
    help: str = ""
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    """The line as written, masked."""
    mark: int = 0
    """Where in `excerpt` the caret stands, from 0."""
    width: int = 1
    """How many characters of `excerpt` are marked."""

    def __str__(self) -> str:
        """Return it in one line, for logs."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f"{self.path}: " if self.path else ""
        cure = f" ({self.help})" if self.help else ""
        return printable(f"{place}: {self.severity.value}: {where}{self.message}{cure}")


class SettingsError(Exception):
    """The configuration cannot be used. Every reason is told at once, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Take at least one problem of severity ERROR; warnings may be among them."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
