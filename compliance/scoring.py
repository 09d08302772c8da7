"""The scores of http-tests/cache-tests, by its own counting.

A test whose dependency did not pass counts as failed; a `check` has no right answer and is
told, not counted. Its own `determineTestResult` says the same.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Tests = Mapping[str, Mapping[str, Any]]
"""Each test's `kind`, `depends_on` and whether it is for browsers alone, by its id."""
Results = Mapping[str, Any]
"""True, or [kind of error, message], by the test's id."""


@dataclass
class Scores:
    passed: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    """Required and optimal tests that did not pass, with the reason."""


def score(tests: Tests, results: Results) -> Scores:
    """Count what passed, by kind."""
    scores = Scores()
    for name, test in tests.items():
        if test.get("browser_only"):
            continue
        kind = test.get("kind") or "required"
        scores.all[kind] += 1
        if passes(name, tests, results):
            scores.passed[kind] += 1
        elif kind != "check":
            scores.failures.append(f"{kind} {name}: {_why(name, tests, results)}")
    return scores


def passes(name: str, tests: Tests, results: Results) -> bool:
    """Whether a test passed, and all it depends on."""
    needed = tests[name].get("depends_on") or []
    return results.get(name) is True and all(passes(other, tests, results) for other in needed)


def _why(name: str, tests: Tests, results: Results) -> str:
    result = results.get(name)
    if result is None:
        return "not run"
    if result is True:
        needed = tests[name].get("depends_on") or []
        return f"needs {', '.join(n for n in needed if not passes(n, tests, results))}"
    return f"{result[0]}: {result[1]}"
