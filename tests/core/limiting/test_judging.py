"""Several limits, judged together: all take, or none."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.clock import SECOND, Duration, Instant, seconds
from gateway_core.errors import ConfigError
from gateway_core.limiting import (
    Asker,
    ByClient,
    ByHeader,
    ByRoute,
    Concurrency,
    Gcra,
    Limit,
    Limits,
    Outcome,
    PerKey,
    Rate,
    SlidingWindow,
    Told,
    whole_seconds,
)
from gateway_core.message import value
from tests.core.limiting.traffic import KEYS, LIMITERS, arrivals

ASKER = Asker("192.0.2.1", "", "r", ())
NOW = Instant(0)


def windowed(name: str, quota: int, window: float = 10, **more) -> Limit:
    limiter = PerKey(SlidingWindow(Rate(quota, seconds(window))))
    return Limit(name, limiter, (ByClient(),), **more)


def busy(quota: int = 1, **more) -> Limit:
    return Limit("busy", Concurrency(quota, Duration(2 * SECOND)), (ByClient(),), **more)


def ask(limits: Limits, asker: Asker = ASKER, at: float = 0):
    return limits.admit(asker, Instant(seconds(at)))


def test_a_request_is_taken_from_every_budget() -> None:
    limits = Limits((windowed("minute", 2), windowed("hour", 5, 100)))
    judgement, held = ask(limits)
    assert (judgement.outcome, judgement.binding, judgement.remaining) == (
        Outcome.ADMITTED,
        "minute",
        1,
    )
    assert judgement.fields == (
        (b"ratelimit-policy", b'"minute";q=2;w=10, "hour";q=5;w=100'),
        (b"ratelimit", b'"minute";r=1;t=10, "hour";r=4;t=100'),
    )
    assert held == ()


def test_a_refusal_by_one_takes_nothing_from_the_others() -> None:
    limits = Limits((windowed("hour", 5, 100), windowed("minute", 1), busy(3)))
    _, (held,) = ask(limits)
    held.limiter.give_back(held.key)
    before = copy.deepcopy(limits)
    judgement, held = ask(limits, at=4)
    assert (judgement.outcome, judgement.binding, held) == (Outcome.REFUSED, "minute", ())
    assert (judgement.remaining, judgement.wait) == (0, 6 * SECOND)
    assert judgement.allows == "1 request in 10 s"
    assert limits == before


def test_a_refusal_tells_of_those_that_refuse_and_the_longest_wait_binds() -> None:
    """Section 6: Retry-After is no earlier than any `t` beside it."""
    limits = Limits((windowed("a", 1, 10), windowed("b", 9, 500), windowed("c", 1, 20)))
    ask(limits)
    judgement, _ = ask(limits, at=1)
    assert (judgement.binding, judgement.wait) == ("c", 19 * SECOND)
    assert value(judgement.fields, b"ratelimit") == b'"a";r=0;t=9, "c";r=0;t=19'
    assert value(judgement.fields, b"ratelimit-policy") == (
        b'"a";q=1;w=10, "b";q=9;w=500, "c";q=1;w=20'
    )


def test_of_equals_the_first_binds() -> None:
    judgement, _ = ask(Limits((windowed("a", 3), windowed("b", 3))))
    assert judgement.binding == "a"


def test_a_shadow_judges_and_counts_and_refuses_nobody() -> None:
    limits = Limits((windowed("shadow", 1, shadow=True), windowed("real", 3)))
    first, _ = ask(limits)
    second, _ = ask(limits)
    assert (first.shadowed, second.shadowed) == ((), ("shadow",))
    assert (second.outcome, second.binding, second.remaining) == (Outcome.ADMITTED, "real", 1)
    assert second.fields == (
        (b"ratelimit-policy", b'"real";q=3;w=10'),
        (b"ratelimit", b'"real";r=1;t=10'),
    )


def test_shadows_alone_admit_and_tell_nothing() -> None:
    limits = Limits((windowed("shadow", 1, shadow=True),))
    ask(limits)
    judgement, held = ask(limits)
    assert (judgement.outcome, judgement.binding, judgement.fields, held) == (
        Outcome.ADMITTED,
        "",
        (),
        (),
    )
    assert judgement.shadowed == ("shadow",)


def test_a_shadow_that_would_refuse_holds_nothing() -> None:
    limits = Limits((busy(1, shadow=True),))
    _, first = ask(limits)
    _, second = ask(limits)
    assert (len(first), len(second)) == (1, 0)


def test_a_shadow_is_told_of_beside_a_refusal() -> None:
    limits = Limits((windowed("shadow", 1, shadow=True), windowed("real", 1)))
    ask(limits)
    judgement, _ = ask(limits)
    assert (judgement.outcome, judgement.shadowed) == (Outcome.REFUSED, ("shadow",))


def test_what_is_held_is_given_back_by_its_holder() -> None:
    limits = Limits((busy(1), windowed("w", 9)))
    _, (held,) = ask(limits)
    refused, nothing = ask(limits)
    assert (refused.outcome, refused.wait, nothing) == (Outcome.REFUSED, 2 * SECOND, ())
    assert value(refused.fields, b"ratelimit") == b'"busy";r=0'
    held.limiter.give_back(held.key)
    assert ask(limits)[0].outcome is Outcome.ADMITTED


def test_alone_a_limit_does_as_it_does_beside_one_that_never_refuses() -> None:
    """Routes with one limit are judged a shorter way."""
    for make in (lambda: windowed("a", 2), lambda: busy(2)):
        alone, beside = Limits((make(),)), Limits((make(), windowed("roomy", 99, shadow=True)))
        for at in (0, 1, 2, 9.5, 10, 30):
            (mine, my), (theirs, their) = ask(alone, at=at), ask(beside, at=at)
            assert mine == theirs
            assert len(my) == len(their)


def test_a_limiter_that_is_full_says_so() -> None:
    limiter = PerKey(SlidingWindow(Rate(1, Duration(10 * SECOND))), keys_max=1)
    limits = Limits((Limit("a", limiter, (ByClient(),)),))
    ask(limits)
    judgement, _ = ask(limits, replace(ASKER, client="192.0.2.2"), at=3)
    assert (judgement.outcome, judgement.wait) == (Outcome.FULL, 7 * SECOND)


def test_the_fields_of_old_tell_of_the_limit_that_binds() -> None:
    both = frozenset(Told)
    limits = Limits((windowed("a", 1, told=both), windowed("b", 5)))
    assert b"x-ratelimit-limit" in limits.replaces
    admitted, _ = ask(limits)
    refused, _ = ask(limits, at=0.5)
    assert value(admitted.fields, b"x-ratelimit-remaining") == b"0"
    assert value(refused.fields, b"x-ratelimit-reset") == b"10"


def test_an_upstream_s_own_fields_stay_where_ours_are_lists() -> None:
    assert Limits((windowed("a", 1),)).replaces == frozenset()
    shadow = windowed("a", 1, told=frozenset(Told), shadow=True)
    assert Limits((shadow,)).replaces == frozenset()


def test_fields_that_keys_are_made_of_are_known() -> None:
    limiter = PerKey(Gcra(Rate(1, SECOND), 1))
    limit = Limit("a", limiter, (ByHeader(b"x-team"), ByRoute()))
    assert Limits((limit,)).relied == {b"x-team"}


def test_a_limit_that_stands_twice_is_an_error_of_the_operator() -> None:
    limit = windowed("a", 1)
    with pytest.raises(ConfigError, match="'a' stands here twice"):
        Limits((limit, windowed("b", 1), limit))


def test_a_shared_limit_is_one_budget_on_two_routes() -> None:
    shared = windowed("shared", 2)
    here, there = Limits((shared,)), Limits((shared, windowed("own", 9)))
    ask(here)
    ask(there)
    assert ask(here)[0].outcome is Outcome.REFUSED


@given(
    traffic=arrivals(),
    chosen=st.lists(
        st.tuples(st.sampled_from(sorted(LIMITERS)), st.integers(1, 4), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    keys_max=st.integers(1, 4),
    ends=st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_together_they_promise_what_each_promises(traffic, chosen, keys_max, ends) -> None:
    """A refusal leaves no trace; who waits as told is admitted; what is held comes back."""
    limits = Limits(
        tuple(
            Limit(f"l{index}", LIMITERS[kind](quota, keys_max), (ByClient(),), shadow)
            for index, (kind, quota, shadow) in enumerate(chosen)
        )
    )
    in_flight = []
    for (key, now), ends_first in zip(traffic, ends, strict=False):
        if ends_first and in_flight:
            for held in in_flight.pop():
                held.limiter.give_back(held.key)
        before = copy.deepcopy(limits)
        judgement, held = limits.admit(replace(ASKER, client=key), now)
        in_flight.append(held)
        if judgement.outcome is Outcome.ADMITTED:
            continue
        assert limits == before
        assert not held
        holding = any(limit.holds and not limit.shadow for limit in limits.limits)
        if not holding:
            later = Instant(now + whole_seconds(judgement.wait) * SECOND)
            retried, _ = before.admit(replace(ASKER, client=key), later)
            assert retried.outcome is Outcome.ADMITTED
    for taken in in_flight:
        for held in taken:
            held.limiter.give_back(held.key)
    for limit in limits.limits:
        if limit.holds:
            assert len(limit.limiter) == 0  # type: ignore[arg-type]
    assert set(KEYS) >= {key for key, _ in traffic}
