"""How often somebody may try to sign in."""

import pytest

from gateway_core.clock import Instant, seconds
from gateway_core.signing_in import ATTEMPTS_MAX, SignInLimits


def attempts(*tries: tuple[str, str]) -> list[bool]:
    limits = SignInLimits()
    return [limits.attempt(address, name, Instant(0)) is None for address, name in tries]


@pytest.mark.parametrize(
    "tries",
    [
        pytest.param([("192.0.2.1", f"user{n}") for n in range(11)], id="one client, many names"),
        pytest.param([(f"192.0.2.{n}", "ada") for n in range(11)], id="one name, many clients"),
        pytest.param([(f"2001:db8::{n}", f"{n}") for n in range(11)], id="one site of IPv6"),
        pytest.param([(f"{n}", "a" * 255 + str(n)) for n in range(11)], id="names without end"),
    ],
)
def test_ten_attempts_a_minute_are_looked_at(tries: list[tuple[str, str]]) -> None:
    assert attempts(*tries) == [True] * ATTEMPTS_MAX + [False]


def test_others_are_not_held_up() -> None:
    tries = [(f"192.0.2.{n}", f"user{n}") for n in range(20)]
    assert all(attempts(*tries))


def test_who_waits_may_try_again_and_is_told_when() -> None:
    limits = SignInLimits()
    for second in range(ATTEMPTS_MAX):
        assert limits.attempt("192.0.2.1", "ada", Instant(seconds(second))) is None
    refusal = limits.attempt("192.0.2.1", "ada", Instant(seconds(20)))
    assert refusal is not None
    assert (refusal.status, refusal.reason) == (429, "too-many-sign-ins")
    assert refusal.fields == ((b"retry-after", b"40"),)
    assert limits.attempt("192.0.2.1", "ada", Instant(seconds(60))) is None


def test_what_is_refused_takes_nothing() -> None:
    limits = SignInLimits()
    for number in range(30):
        limits.attempt("192.0.2.1", f"user{number}", Instant(0))
    assert limits.attempt("192.0.2.2", "user29", Instant(0)) is None
