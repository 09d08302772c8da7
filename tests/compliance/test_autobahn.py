"""How reports are read; the test suite itself is not run here."""

import json
from pathlib import Path

import pytest

from compliance.autobahn import Verdict, read, table, worse
from compliance.websockets import run


@pytest.fixture
def index(tmp_path: Path) -> Path:
    def told(behavior: str, close: str = "OK") -> dict[str, str]:
        return {"behavior": behavior, "behaviorClose": close, "remoteCloseCode": "1000"}

    path = tmp_path / "index.json"
    path.write_text(
        json.dumps(
            {
                "direct": {
                    "1.1.1": told("OK"),
                    "3.2": told("OK"),
                    "3.10": told("NON-STRICT"),
                    "7.1.1": told("INFORMATIONAL"),
                },
                "frames": {
                    "1.1.1": told("OK", "UNCLEAN"),
                    "3.2": told("NON-STRICT"),
                    "3.10": told("OK"),
                    "7.1.1": told("INFORMATIONAL"),
                },
            }
        )
    )
    return path


def test_what_went_worse_is_told_in_order_and_what_went_better_is_not(index: Path) -> None:
    verdicts = read(index)
    assert verdicts["frames"]["1.1.1"] == Verdict("OK", "UNCLEAN")
    assert worse(verdicts, "frames") == ["1.1.1", "3.2"]
    assert worse(verdicts, "direct") == []


def test_a_table_has_a_row_a_chapter(index: Path) -> None:
    assert table(read(index)).splitlines()[2:] == [
        "| 1 | 1 | 1 OK | 1 UNCLEAN |",
        "| 3 | 2 | 1 NON-STRICT, 1 OK | 1 NON-STRICT, 1 OK |",
        "| 7 | 1 | 1 INFORMATIONAL | 1 INFORMATIONAL |",
    ]


def test_where_there_is_no_test_suite_it_says_so_with_a_cure_and_does_not_fail(monkeypatch) -> None:
    monkeypatch.setenv("AUTOBAHN_PYTHON", "no-such-python")
    outcome = run()
    assert not outcome.failed
    assert str(outcome).startswith("Autobahn|Testsuite: skipped: there is no Python 2.7")
    assert "AUTOBAHN_PYTHON=" in str(outcome)
