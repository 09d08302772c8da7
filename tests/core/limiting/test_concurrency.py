"""So many at once, and every end makes room."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Duration, Instant
from gateway_core.errors import ConfigError
from gateway_core.limiting import QUOTA_MAX, Concurrency, Verdict

NOW = Instant(0)
HINT = Duration(3 * SECOND)


def test_so_many_are_in_flight_and_no_more() -> None:
    limiter = Concurrency(2, HINT)
    assert limiter.judge("a", NOW) == Verdict(True, 1, Duration(0))
    limiter.take("a", NOW)
    assert limiter.judge("a", NOW) == Verdict(True, 0, Duration(0))
    limiter.take("a", NOW)
    assert limiter.judge("a", NOW) == Verdict(False, 0, HINT)
    limiter.give_back("a")
    assert limiter.judge("a", NOW) == Verdict(True, 0, Duration(0))


def test_who_is_admitted_has_taken() -> None:
    limiter = Concurrency(1)
    assert limiter.admit("a", NOW).admitted
    assert not limiter.admit("a", NOW).admitted
    assert len(limiter) == 1


def test_a_key_with_nothing_in_flight_is_forgotten() -> None:
    limiter, fresh = Concurrency(2), Concurrency(2)
    limiter.take("a", NOW)
    assert len(limiter) == 1
    limiter.give_back("a")
    assert limiter == fresh


def test_giving_back_what_was_not_taken_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Concurrency(2).give_back("a")


def test_a_further_key_is_refused_where_as_many_are_in_flight_as_may_be() -> None:
    limiter = Concurrency(2, HINT, keys_max=1)
    limiter.take("a", NOW)
    assert limiter.judge("b", NOW) == Verdict(False, 0, HINT, full=True)
    assert limiter.judge("a", NOW).admitted


@given(
    quota=st.integers(1, 3),
    steps=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["ask", "end"])), max_size=40),
)
def test_what_is_taken_is_given_back_whatever_the_order(quota, steps) -> None:
    limiter, in_flight = Concurrency(quota), {"a": 0, "b": 0}
    for key, step in steps:
        if step == "ask":
            verdict = limiter.judge(key, NOW)
            assert verdict.admitted == (in_flight[key] < quota)
            if verdict.admitted:
                limiter.take(key, NOW)
                in_flight[key] += 1
        elif in_flight[key]:
            limiter.give_back(key)
            in_flight[key] -= 1
        assert max(in_flight.values()) <= quota
    left = copy.deepcopy(limiter)
    for key, count in in_flight.items():
        for _ in range(count):
            left.give_back(key)
    assert left == Concurrency(quota)


@pytest.mark.parametrize("quota", [0, -1, QUOTA_MAX + 1])
def test_a_bound_that_nothing_passes_is_an_error_of_the_operator(quota: int) -> None:
    with pytest.raises(ConfigError, match=r"concurrent: must be from 1 to 1000000 requests"):
        Concurrency(quota)


def test_only_the_request_s_end_gives_back() -> None:
    assert (Concurrency(1).holds, Concurrency(1).window) == (True, 0)
