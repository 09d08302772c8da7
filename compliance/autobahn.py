"""What the fuzzing client of the Autobahn|Testsuite says, and whether a gateway made it worse."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

BASE = "direct"
RANK = {"OK": 0, "INFORMATIONAL": 0, "NON-STRICT": 1, "UNIMPLEMENTED": 2, "UNCLEAN": 3, "FAILED": 4}


class Verdict(NamedTuple):
    """What a case came to: how it went, and how it was closed."""

    behavior: str
    close: str

    @property
    def rank(self) -> int:
        """How bad it is; 0 is well."""
        return max(RANK.get(self.behavior, 4), RANK.get(self.close, 4))


Verdicts = Mapping[str, Mapping[str, Verdict]]
"""By agent and case."""


def read(index: Path) -> Verdicts:
    """Return the verdicts of a report."""
    return {
        agent: {
            case: Verdict(told["behavior"], told["behaviorClose"]) for case, told in cases.items()
        }
        for agent, cases in json.loads(index.read_text()).items()
    }


def worse(verdicts: Verdicts, agent: str) -> list[str]:
    """Return the cases that go worse through `agent` than without."""
    base = verdicts[BASE]
    found = [case for case, verdict in verdicts[agent].items() if verdict.rank > base[case].rank]
    return sorted(found, key=_numbers)


def table(verdicts: Verdicts) -> str:
    """Return a table in Markdown: a row a chapter, a column an agent."""
    agents = [BASE, *sorted(agent for agent in verdicts if agent != BASE)]
    chapters = sorted({case.split(".")[0] for case in verdicts[BASE]}, key=int)
    lines = [
        f"| chapter | cases | {' | '.join(agents)} |",
        f"|---|---|{'---|' * len(agents)}",
    ]
    for chapter in chapters:
        told = [_told(verdicts[agent], chapter) for agent in agents]
        count = sum(case.split(".")[0] == chapter for case in verdicts[BASE])
        lines.append(f"| {chapter} | {count} | {' | '.join(told)} |")
    return "\n".join(lines)


def _told(cases: Mapping[str, Verdict], chapter: str) -> str:
    counted = Counter(
        verdict.behavior if verdict.rank == RANK.get(verdict.behavior) else verdict.close
        for case, verdict in cases.items()
        if case.split(".")[0] == chapter
    )
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items())) or "not run"


def _numbers(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]
