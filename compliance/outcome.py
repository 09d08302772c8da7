"""What came of a suite."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    suite: str
    skipped: str = ""
    """Why it was not run, in words, with a cure; empty if it was."""
    lines: list[str] = field(default_factory=list)
    """What it found."""
    failed: bool = False
    """Whether it fell below what it must reach."""

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.suite}: skipped: {self.skipped}"
        verdict = "below what it must reach" if self.failed else "as it must be"
        return "\n".join([f"{self.suite}: {verdict}", *(f"  {line}" for line in self.lines)])
