"""The trace of the benchmark, made small."""

import pytest

from bench.trace import main, zipf


def test_the_same_seed_makes_the_same_trace() -> None:
    assert zipf(100, 50, 0.9, 1) == zipf(100, 50, 0.9, 1) != zipf(100, 50, 0.9, 2)


def test_both_evictions_are_told_of_the_same_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--requests", "20000", "--keys", "10000"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("s3-fifo: ")
    assert second.startswith("lru: ")
    assert third.startswith("s3-fifo is ")
    assert not third.startswith("s3-fifo is -")
