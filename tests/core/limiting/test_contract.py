"""What is promised of every limiter, over random traffic of several keys."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Duration, Instant
from gateway_core.limiting import Limiter, WhenFull, whole_seconds
from tests.core.limiting.traffic import KEYS, LIMITERS, RATES, arrivals

each = pytest.mark.parametrize("name", LIMITERS)
each_rate = pytest.mark.parametrize("name", RATES)
quotas = st.integers(1, 5)


def ask(limiter: Limiter, key: str, now: Instant) -> bool:
    """Judge and take, as a request does."""
    admitted = limiter.judge(key, now).admitted
    if admitted:
        limiter.take(key, now)
    return admitted


@each
@given(traffic=arrivals(), quota=quotas)
def test_judging_changes_nothing_and_neither_does_a_refusal(name, traffic, quota) -> None:
    limiter = LIMITERS[name](quota)
    for key, now in traffic:
        before = copy.deepcopy(limiter)
        verdict = limiter.judge(key, now)
        assert limiter.judge(key, now) == verdict
        assert limiter == before
        if verdict.admitted:
            limiter.take(key, now)
            assert limiter != before


@each
@given(traffic=arrivals(), quota=quotas)
def test_a_copy_told_the_same_answers_the_same(name, traffic, quota) -> None:
    limiter = LIMITERS[name](quota)
    for key, now in traffic:
        twin = copy.deepcopy(limiter)
        assert twin == limiter
        assert ask(twin, key, now) == ask(limiter, key, now)
        assert twin == limiter


@each
@given(
    traffic=arrivals(),
    quota=quotas,
    keys_max=st.integers(1, 3),
    when_full=st.sampled_from(WhenFull),
)
def test_both_steps_in_one_are_both_steps(name, traffic, quota, keys_max, when_full) -> None:
    limiter = LIMITERS[name](quota, keys_max, when_full)
    twin = copy.deepcopy(limiter)
    for key, now in traffic:
        verdict = twin.judge(key, now)
        assert limiter.admit(key, now) == verdict
        if verdict.admitted:
            twin.take(key, now)
        assert limiter == twin


@each
@given(traffic=arrivals(), quota=quotas)
def test_no_key_touches_another_s_budget(name, traffic, quota) -> None:
    limiter = LIMITERS[name](quota)
    alone = {key: LIMITERS[name](quota) for key in KEYS}
    for key, now in traffic:
        assert limiter.judge(key, now) == alone[key].judge(key, now)
        assert ask(limiter, key, now) == ask(alone[key], key, now)


@each
@given(traffic=arrivals(), quota=quotas)
def test_what_is_said_to_remain_remains(name, traffic, quota) -> None:
    """At the same instant just so many more are admitted."""
    limiter = LIMITERS[name](quota)
    for key, now in traffic:
        verdict = limiter.judge(key, now)
        assert 0 <= verdict.remaining < limiter.quota
        if verdict.admitted:
            limiter.take(key, now)
            further = copy.deepcopy(limiter)
            assert all(ask(further, key, now) for _ in range(verdict.remaining))
            assert not further.judge(key, now).admitted
        else:
            assert verdict.remaining == 0


@each_rate
@given(traffic=arrivals(), quota=quotas)
def test_who_waits_as_told_is_admitted_and_no_sooner(name, traffic, quota) -> None:
    limiter = RATES[name](quota)
    for key, now in traffic:
        verdict = limiter.judge(key, now)
        if verdict.admitted:
            limiter.take(key, now)
            continue
        assert verdict.wait > 0
        assert limiter.judge(key, Instant(now + verdict.wait)).admitted
        assert not limiter.judge(key, Instant(now + verdict.wait - 1)).admitted


@each_rate
@given(traffic=arrivals(), quota=quotas)
def test_who_waits_the_whole_seconds_of_retry_after_is_admitted(name, traffic, quota) -> None:
    """Whatever others do meanwhile."""
    limiter = RATES[name](quota)
    for key, now in traffic:
        verdict = limiter.judge(key, now)
        if not verdict.admitted:
            patient = copy.deepcopy(limiter)
            for other in KEYS:
                if other != key:
                    ask(patient, other, now)
            later = Instant(now + whole_seconds(verdict.wait) * SECOND)
            assert patient.judge(key, later).admitted
        ask(limiter, key, now)


@each_rate
@given(traffic=arrivals(), quota=quotas)
def test_there_is_more_when_it_was_said_there_would_be(name, traffic, quota) -> None:
    limiter = RATES[name](quota)
    for key, now in traffic:
        verdict = limiter.judge(key, now)
        if verdict.admitted:
            limiter.take(key, now)
            then = Instant(now + verdict.wait)
            # Judged as the next request, which takes one: as many remain after it, or more.
            assert limiter.judge(key, then).remaining >= verdict.remaining
            before = Instant(then - 1)
            assert limiter.judge(key, before).remaining == max(verdict.remaining - 1, 0)


@each
@given(traffic=arrivals(), keys_max=st.integers(1, 3), when_full=st.sampled_from(WhenFull))
def test_never_more_keys_than_may_be(name, traffic, keys_max, when_full) -> None:
    limiter = LIMITERS[name](2, keys_max, when_full)
    for key, now in traffic:
        ask(limiter, key, now)
        assert len(limiter) <= keys_max  # type: ignore[arg-type]


@each_rate
@given(traffic=arrivals(), quota=quotas, keys_max=st.integers(1, 3))
def test_a_full_limiter_admits_no_key_that_a_roomy_one_would_not(
    name, traffic, quota, keys_max
) -> None:
    """Fullness refuses more, never less; and never a key whose budget is being counted."""
    narrow, roomy = RATES[name](quota, keys_max), RATES[name](quota)
    for key, now in traffic:
        verdict = narrow.judge(key, now)
        allowed = roomy.judge(key, now).admitted
        assert not verdict.admitted or allowed
        if verdict.admitted:
            narrow.take(key, now)
            roomy.take(key, now)
        elif verdict.full:
            assert verdict.wait > 0
            assert narrow.judge(key, Instant(now + verdict.wait)).admitted
            assert not narrow.judge(key, Instant(now + verdict.wait - 1)).admitted


@each
def test_what_time_gives_back_is_not_held(name) -> None:
    limiter = LIMITERS[name]()
    assert limiter.holds == (limiter.window == Duration(0))
