"""What clients read of limits. The sections are draft-ietf-httpapi-ratelimit-headers-10's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Duration, seconds
from gateway_core.limiting import (
    Concurrency,
    Limit,
    PerKey,
    Rate,
    SlidingWindow,
    Told,
    Verdict,
    whole_seconds,
)
from gateway_core.limiting.telling import policy_line, ratelimit_line, x_lines

MINUTE = Limit("minute", PerKey(SlidingWindow(Rate(50, Duration(60 * SECOND)))), ())
HOUR = Limit("hour", PerKey(SlidingWindow(Rate(1000, Duration(3600 * SECOND)))), ())
BUSY = Limit("busy", Concurrency(4), ())
SILENT = Limit("silent", Concurrency(4), (), told=frozenset())
OLD = Limit("old", MINUTE.limiter, (), told=frozenset({Told.X_RATELIMIT}))


def test_policies_are_one_list() -> None:
    assert policy_line([MINUTE, SILENT, HOUR, OLD]) == (
        (b"ratelimit-policy", b'"minute";q=50;w=60, "hour";q=1000;w=3600'),
    )


def test_what_is_left_is_one_list_with_times_where_time_brings_more() -> None:
    judged = [
        (MINUTE, Verdict(True, 3, seconds(0.2))),
        (SILENT, Verdict(True, 1, Duration(0))),
        (BUSY, Verdict(True, 2, Duration(0))),
    ]
    assert ratelimit_line(judged) == ((b"ratelimit", b'"minute";r=3;t=1, "busy";r=2'),)


def test_of_no_limit_nothing_is_told() -> None:
    assert policy_line([]) == policy_line([SILENT]) == ()
    assert ratelimit_line([(SILENT, Verdict(True, 1, Duration(0)))]) == ()


def test_the_fields_of_old_tell_of_one_limit() -> None:
    assert x_lines(OLD, Verdict(True, 3, seconds(59.1))) == (
        (b"x-ratelimit-limit", b"50"),
        (b"x-ratelimit-remaining", b"3"),
        (b"x-ratelimit-reset", b"60"),
    )
    assert x_lines(BUSY, Verdict(True, 3, Duration(0))) == (
        (b"x-ratelimit-limit", b"4"),
        (b"x-ratelimit-remaining", b"3"),
    )


@pytest.mark.parametrize(
    ("wait", "told"),
    [(0, 1), (1, 1), (SECOND - 1, 1), (SECOND, 1), (SECOND + 1, 2), (6 * SECOND, 6)],
)
def test_waits_are_told_in_whole_seconds_and_one_at_least(wait: int, told: int) -> None:
    assert whole_seconds(Duration(wait)) == told


@given(st.integers(0, 2**60))
def test_who_waits_as_told_does_not_come_too_early_nor_a_second_too_late(wait: int) -> None:
    told = whole_seconds(Duration(wait)) * SECOND
    assert wait <= told
    assert told - wait < SECOND or told == SECOND
