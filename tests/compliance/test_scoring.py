"""The scores of the cache suite are counted as it counts them, and skipping says why."""

import pytest

from compliance import __main__ as runner
from compliance import http_cache
from compliance.outcome import Outcome
from compliance.scoring import score

TESTS = {
    "base": {"kind": "check"},
    "needs-base": {"depends_on": ["base"]},
    "needs-that": {"kind": "optimal", "depends_on": ["needs-base"]},
    "alone": {"kind": "optimal"},
    "browsers": {"browser_only": True},
}


@pytest.mark.parametrize(
    ("results", "passed", "failures"),
    [
        pytest.param(
            dict.fromkeys(TESTS, True), {"check": 1, "required": 1, "optimal": 2}, [], id="all"
        ),
        pytest.param(
            {**dict.fromkeys(TESTS, True), "base": ["Assertion", "no"]},
            {"optimal": 1},
            ["required needs-base: needs base", "optimal needs-that: needs needs-base"],
            id="a dependency failed",
        ),
        pytest.param(
            {"base": True, "needs-base": ["Setup", "502"]},
            {"check": 1},
            [
                "required needs-base: Setup: 502",
                "optimal needs-that: not run",
                "optimal alone: not run",
            ],
            id="an error, and what was not run",
        ),
    ],
)
def test_a_test_whose_dependency_failed_has_failed(
    results: dict[str, object], passed: dict[str, int], failures: list[str]
) -> None:
    scores = score(TESTS, results)
    assert scores.passed == passed
    assert scores.failures == failures
    assert scores.all == {"check": 1, "required": 1, "optimal": 2}


def test_a_suite_that_cannot_be_had_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_TESTS", "/nowhere")
    outcome = http_cache.run()
    assert "skipped: " in str(outcome)
    assert not outcome.failed


def test_an_unknown_suite_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        runner.main(["nonsense"])
    assert "there are http-cache" in capsys.readouterr().err


def test_a_suite_below_its_mark_fails_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    low = Outcome("s", lines=["required: 1 of 2"], failed=True)
    assert runner.main([], {"s": lambda: low}) == 1
    assert "required: 1 of 2" in capsys.readouterr().out
