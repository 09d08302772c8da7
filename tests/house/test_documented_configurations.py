"""Every configuration in the documentation works.

A fenced example that says `gateway` behind its syntax is a whole configuration:
```toml gateway, ```yaml gateway, ```json gateway.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.configurations import told

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(toml|yaml|json) gateway\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[tuple[str, str, str]]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in sorted(pages):
        text = page.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{page.relative_to(ROOT)}:{line}", found[1], found[2]


EXAMPLES = [pytest.param(suffix, text, id=name) for name, suffix, text in examples()]


@pytest.mark.parametrize(("suffix", "text"), EXAMPLES)
def test_a_documented_configuration_has_neither_errors_nor_warnings(suffix: str, text: str) -> None:
    assert told(text, f".{suffix}") == ()


def test_there_are_documented_configurations() -> None:
    assert EXAMPLES
