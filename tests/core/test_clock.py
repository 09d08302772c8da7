"""Time as integers."""

from gateway_core.clock import NEVER, SECOND, Instant, after, seconds


def test_an_instant_plus_a_wait_is_exact() -> None:
    assert after(Instant(1), 3 * SECOND) == 3_000_000_001


def test_nothing_is_later_than_never() -> None:
    assert after(NEVER, SECOND) == NEVER
    assert after(Instant(NEVER - 1), SECOND) == NEVER


def test_seconds_are_rounded_to_the_nanosecond() -> None:
    assert seconds(0.25) == 250_000_000
    assert seconds(1e-10) == 0
