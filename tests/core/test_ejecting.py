"""Who does worse than its fellows is left out, and never everybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Instant, seconds
from gateway_core.ejecting import EjectionRules, Ejector, Standing
from gateway_core.ratio import percent

HALF = EjectionRules(ejected_max=percent(50))


def at(when: float) -> Instant:
    return Instant(seconds(when))


def judged(
    endpoints: int, rules: EjectionRules = EjectionRules()
) -> tuple[Ejector, list[Standing]]:
    ejector = Ejector(rules)
    return ejector, [ejector.join() for _ in range(endpoints)]


def fail(ejector: Ejector, standing: Standing, when: float, times: int = 5) -> bool:
    return [ejector.record(standing, at(when), failed=True) for _ in range(times)][-1]


def test_five_failures_in_a_row_eject_for_half_a_minute() -> None:
    ejector, (one, _, _) = judged(3)
    assert not fail(ejector, one, 1, times=4)
    assert fail(ejector, one, 1, times=1)
    assert one.is_out(at(30.9))
    assert not one.is_out(at(31))


def test_a_success_in_between_begins_the_row_anew() -> None:
    ejector, (one, _, _) = judged(3)
    fail(ejector, one, 1, times=4)
    assert not ejector.record(one, at(1), failed=False)
    assert not fail(ejector, one, 1, times=4)


def test_each_further_time_it_stays_out_longer_up_to_a_cap() -> None:
    ejector, (one, _, _) = judged(3)
    when, waits = 1.0, []
    for _ in range(12):
        fail(ejector, one, when)
        waits.append((one.out_until - at(when)) // SECOND)
        when += waits[-1]
    assert waits == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]


def test_each_quiet_interval_shortens_the_next_time_again() -> None:
    ejector, (one, two, _) = judged(3)
    fail(ejector, one, 1)
    assert one.ejections == 1
    for when in (20, 29):
        ejector.record(two, at(when), failed=False)
        assert one.ejections == 1, "still out"
    ejector.record(two, at(45), failed=False)
    assert one.ejections == 0


@pytest.mark.parametrize(
    ("endpoints", "rules", "most"),
    [
        pytest.param(1, HALF, 0, id="never the only one"),
        pytest.param(2, EjectionRules(), 1, id="one in any case"),
        pytest.param(4, HALF, 2, id="half of four"),
        pytest.param(20, EjectionRules(), 2, id="a tenth of twenty"),
        pytest.param(3, EjectionRules(ejected_max=percent(100)), 2, id="never the last one"),
    ],
)
def test_where_all_fail_no_more_than_a_share_is_out(
    endpoints: int, rules: EjectionRules, most: int
) -> None:
    ejector, standings = judged(endpoints, rules)
    for standing in standings:
        fail(ejector, standing, 1, times=9)
    assert sum(standing.is_out(at(2)) for standing in standings) == most


def test_a_rate_of_success_far_below_the_others_ejects() -> None:
    ejector, standings = judged(6)
    for number in range(100):
        for standing in standings[:5]:
            ejector.record(standing, at(1), failed=number % 50 == 49)
        ejector.record(standings[5], at(1), failed=number % 2 == 0)
    assert not any(standing.is_out(at(1)) for standing in standings)
    ejector.record(standings[0], at(11), failed=False)
    assert [standing.is_out(at(11)) for standing in standings] == [False] * 5 + [True]
    assert all(standing.calls <= 1 for standing in standings), "the next interval has begun"


def test_with_few_endpoints_or_few_calls_an_average_says_nothing() -> None:
    for endpoints, calls in ((4, 200), (6, 99)):
        ejector, standings = judged(endpoints)
        for number in range(calls):
            for standing in standings[1:]:
                ejector.record(standing, at(1), failed=False)
            ejector.record(standings[0], at(1), failed=number % 2 == 0)
        ejector.record(standings[1], at(11), failed=False)
        assert not any(standing.is_out(at(11)) for standing in standings)


def test_who_leaves_is_judged_no_more() -> None:
    ejector, (one, two) = judged(2)
    ejector.leave(one)
    assert [standing is two for standing in ejector.standings] == [True]
    fail(ejector, two, 1)
    assert not two.is_out(at(2))


@given(
    endpoints=st.integers(1, 12),
    calls=st.lists(
        st.tuples(st.integers(0, 11), st.booleans(), st.integers(0, 40 * SECOND)), max_size=80
    ),
)
def test_never_all_are_out(endpoints: int, calls) -> None:
    ejector, standings = judged(endpoints, EjectionRules(1, ejected_max=percent(100)))
    now = 0
    for place, failed, wait in calls:
        now += wait
        ejector.record(standings[place % endpoints], Instant(now), failed=failed)
        assert sum(each.is_out(Instant(now)) for each in standings) < endpoints
