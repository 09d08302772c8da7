"""Where the cache suite is found, in both of its forms, and what is said of each."""

from pathlib import Path

import pytest

from compliance import http_cache
from compliance.http_cache import OLD, OPTIMAL_MIN, REQUIRED_MIN, suite_in


def laid(folder: Path, client: str) -> Path:
    (folder / client).parent.mkdir(parents=True, exist_ok=True)
    (folder / client).touch()
    return folder


def test_todays_suite_has_its_engine_in_a_folder_and_must_reach_todays_figures(
    tmp_path: Path,
) -> None:
    suite = suite_in(laid(tmp_path, "test-engine/cli.mjs"))
    assert suite is not None
    assert (suite.engine, suite.note) == ("test-engine/", "")
    assert (suite.required_min, suite.optimal_min) == (REQUIRED_MIN, OPTIMAL_MIN)


def test_the_package_of_npm_is_older_and_says_so(tmp_path: Path) -> None:
    suite = suite_in(laid(tmp_path, "cli.mjs"))
    assert suite is not None
    assert (suite.engine, suite.note) == ("", OLD)
    assert suite.required_min < REQUIRED_MIN
    assert "CACHE_TESTS=" in suite.note


def test_what_is_no_suite_is_none_and_the_run_says_what_would_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert suite_in(tmp_path) is None
    monkeypatch.setenv("CACHE_TESTS", str(tmp_path))
    monkeypatch.setattr(http_cache.shutil, "which", lambda _name: "/usr/bin/node")
    outcome = http_cache.run()
    assert "npm install" in outcome.skipped
    monkeypatch.setattr(http_cache.shutil, "which", lambda _name: None)
    assert "Node.js" in http_cache.run().skipped
