"""How often a client may be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Instant, seconds
from gateway_core.identifying.failing import FailedAttempts


def at(moment: float) -> Instant:
    return Instant(seconds(moment))


def failed(*moments: float) -> FailedAttempts:
    attempts = FailedAttempts(3, seconds(60), clients_max=2)
    for moment in moments:
        attempts.failed("a", at(moment))
    return attempts


@pytest.mark.parametrize(
    ("moments", "now", "wait"),
    [
        pytest.param((), 0, 0, id="never"),
        pytest.param((0, 1), 2, 0, id="not often enough"),
        pytest.param((0, 1, 2), 2, 58, id="too often"),
        pytest.param((0, 1, 2), 59.5, 0.5, id="nearly over"),
        pytest.param((0, 1, 2), 60, 0, id="the first one is forgotten"),
        pytest.param((0, 1, 2, 60), 60, 1, id="and another one fails"),
        pytest.param((0, 1, 2), 99, 0, id="long ago"),
    ],
)
def test_a_client_waits_until_a_failure_is_forgotten(
    moments: tuple[float, ...], now: float, wait: float
) -> None:
    attempts = failed(*moments)
    assert attempts.wait("a", at(now)) == seconds(wait)
    assert attempts.wait("b", at(now)) == 0


@given(st.lists(st.integers(0, 40 * SECOND), max_size=40))
def test_in_no_window_more_attempts_fail_than_may(waits: list[int]) -> None:
    attempts, now, tried = FailedAttempts(3, seconds(60)), 0, list[int]()
    for wait in waits:
        now += wait
        if attempts.wait("a", Instant(now)) == 0:
            attempts.failed("a", Instant(now))
            tried.append(now)
    for start in tried:
        assert sum(start <= moment < start + 60 * SECOND for moment in tried) <= 3


def test_an_attempt_that_succeeds_is_forgiven() -> None:
    attempts = failed(0, 1, 2)
    attempts.forgive("a")
    assert attempts.wait("a", at(3)) == 0
    for _ in range(3):
        attempts.forgive("a")
    attempts.forgive("nobody")
    assert attempts == FailedAttempts(3, seconds(60), 2, attempts._failed)
    assert attempts.wait("a", at(3)) == 0


def test_memory_is_bounded_and_who_failed_longest_ago_is_forgotten() -> None:
    attempts = failed(0, 1, 2)
    attempts.failed("b", at(3))
    attempts.failed("c", at(4))
    assert attempts.wait("a", at(5)) == 0
    assert set(attempts._failed) == {"b", "c"}


def test_nobody_is_remembered_for_ever() -> None:
    attempts = failed(0)
    attempts.wait("a", at(61))
    assert not attempts._failed
