"""The endpoints on duty: who is called, what is learnt, and that everything is given back."""

import copy
import dataclasses
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.adapting import AdaptiveRules
from gateway_core.balancing import HashOn
from gateway_core.breaking import BreakerRules, State
from gateway_core.chance import SplitMix
from gateway_core.clock import SECOND, Instant, seconds
from gateway_core.ejecting import EjectionRules
from gateway_core.errors import FailureKind
from gateway_core.ratio import percent
from gateway_core.roster import Lack, Lease, Member, Roster, Unavailable
from gateway_core.upstream import Endpoint, Upstream

A, B, C = (Endpoint("http", f"10.0.0.{number}", 80) for number in (1, 2, 3))
BREAKER = BreakerRules(consecutive_failures=2, open_for=seconds(10))


def roster(*endpoints: Endpoint, **rules) -> Roster:
    return Roster(Upstream("u", endpoints, **rules), SplitMix(1))


def at(when: float) -> Instant:
    return Instant(seconds(when))


def take(on_duty: Roster, when: float = 0, avoid: Member | None = None, key: bytes = b"") -> Lease:
    lease = on_duty.take(key, at(when), avoid)
    assert isinstance(lease, Lease), lease
    return lease


def fail(on_duty: Roster, endpoint: Endpoint, when: float = 0, times: int = 2) -> None:
    """Let `endpoint` fail in a row; whatever else is called meanwhile succeeds."""
    while times:
        lease = take(on_duty, when)
        if lease.member.endpoint == endpoint:
            on_duty.failed(lease, FailureKind.RESET, at(when))
            times -= 1
        else:
            on_duty.answered(lease, 200, at(when))
        on_duty.end(lease)


def chosen(on_duty: Roster, when: float, times: int = 400) -> Counter[str]:
    names: Counter[str] = Counter()
    for _ in range(times):
        lease = take(on_duty, when)
        names[lease.member.name] += 1
        on_duty.answered(lease, 200, at(when))
        on_duty.end(lease)
    return names


# The common case


def test_the_only_endpoint_is_called_whatever_happens_to_it() -> None:
    on_duty = roster(A)
    for _ in range(50):
        lease = take(on_duty)
        assert lease.member.in_flight == 1
        on_duty.failed(lease, FailureKind.REFUSED, at(0))
        on_duty.answered(lease, 500, at(0))
        on_duty.end(lease)
        on_duty.end(lease)
        assert lease.member.in_flight == 0


# Breakers


def test_an_open_breaker_sends_its_endpoint_s_calls_to_the_others() -> None:
    on_duty = roster(A, B, breaker=BREAKER)
    fail(on_duty, A)
    assert chosen(on_duty, 1) == {B.name: 400}


def test_where_every_breaker_is_open_nobody_is_called_and_the_first_to_be_probed_tells_when() -> (
    None
):
    on_duty = roster(A, B, breaker=BREAKER)
    fail(on_duty, A, when=0)
    fail(on_duty, B, when=3)
    assert on_duty.take(b"", at(4)) == Unavailable(Lack.BREAKER_OPEN, seconds(6))
    probe = take(on_duty, 10)
    assert probe.member.endpoint == A
    assert on_duty.take(b"", at(10.5)) == Unavailable(Lack.BREAKER_OPEN, seconds(2.5))
    other = take(on_duty, 13)
    assert other.member.endpoint == B
    assert on_duty.take(b"", at(13)) == Unavailable(Lack.BREAKER_OPEN, seconds(1))
    on_duty.end(probe)
    assert take(on_duty, 13).member.endpoint == A, "a probe that was released frees its place"


@pytest.mark.parametrize("status", [200, 301, 404, 429, 499])
def test_what_is_the_client_s_fault_does_not_open_a_breaker(status: int) -> None:
    on_duty = roster(A, breaker=BREAKER)
    for _ in range(9):
        lease = take(on_duty)
        on_duty.answered(lease, status, at(0))
        on_duty.end(lease)
    assert on_duty.members[0].breaker is not None
    assert on_duty.members[0].breaker.state is State.CLOSED


def test_that_our_own_queue_was_full_says_nothing_of_the_endpoint() -> None:
    on_duty = roster(A, breaker=BREAKER)
    for _ in range(9):
        lease = take(on_duty)
        on_duty.failed(lease, FailureKind.OVERLOADED, at(0))
        on_duty.end(lease)
    take(on_duty)


def test_an_outcome_counts_once() -> None:
    on_duty = roster(A, breaker=BREAKER)
    lease = take(on_duty)
    for _ in range(5):
        on_duty.failed(lease, FailureKind.RESET, at(0))
    on_duty.released(lease)
    take(on_duty)


# Another endpoint than the last


def test_the_last_endpoint_is_avoided_if_another_may_be_called() -> None:
    on_duty = roster(A, B, breaker=BREAKER)
    first = take(on_duty)
    for _ in range(20):
        assert take(on_duty, avoid=first.member).member is not first.member


def test_the_last_endpoint_is_called_again_if_no_other_may_be() -> None:
    on_duty = roster(A, B, breaker=BREAKER)
    fail(on_duty, A)
    last = next(member for member in on_duty.members if member.endpoint == B)
    assert take(on_duty, avoid=last).member is last
    fail(on_duty, B)
    assert on_duty.take(b"", at(0), last) == Unavailable(Lack.BREAKER_OPEN, seconds(10))


def test_the_last_endpoint_is_not_called_again_once_it_is_ejected() -> None:
    on_duty = roster(A, B, C, breaker=BREAKER, ejection=EjectionRules(2))
    fail(on_duty, A)
    fail(on_duty, B)
    fail(on_duty, C)
    ejected = [member for member in on_duty.members if not member.fits(at(1))]
    assert len(ejected) == 1
    assert isinstance(on_duty.take(b"", at(1), ejected[0]), Unavailable)


# Health


def test_who_is_ill_is_not_called_until_it_is_well_again() -> None:
    on_duty = roster(A, B, C)
    on_duty.probed(A, at(0), well=False)
    assert A.name not in chosen(on_duty, 1)
    on_duty.probed(A, at(2), well=True)
    assert chosen(on_duty, 2)[A.name] > 80


def test_if_fewer_than_half_are_well_health_is_ignored() -> None:
    on_duty = roster(A, B, C)
    for endpoint in (A, B):
        on_duty.probed(endpoint, at(0), well=False)
    assert set(chosen(on_duty, 1)) == {A.name, B.name, C.name}


@pytest.mark.parametrize("endpoints", [(A,), (A, B)])
def test_without_panic_nobody_is_called_where_nobody_is_well(endpoints) -> None:
    on_duty = roster(*endpoints, panic=percent(0))
    for endpoint in endpoints:
        on_duty.probed(endpoint, at(0), well=False)
    assert on_duty.take(b"", at(1)) == Unavailable(Lack.NO_ENDPOINT)
    on_duty.probed(A, at(1), well=True)
    assert take(on_duty, 1).member.endpoint == A


def test_an_outlier_is_left_out_and_comes_back_slowly() -> None:
    on_duty = roster(A, B, C, ejection=EjectionRules(2), slow_start=seconds(30))
    fail(on_duty, A, when=0)
    assert A.name not in chosen(on_duty, 29)
    cold = chosen(on_duty, 30.1)[A.name]
    warm = chosen(on_duty, 61)[A.name]
    assert 0 < cold < 40
    assert warm > 90


def test_who_is_well_again_or_whose_breaker_closed_comes_back_slowly() -> None:
    on_duty = roster(A, B, breaker=BREAKER, slow_start=seconds(30))
    fail(on_duty, A)
    lease = take(on_duty, 10, avoid=on_duty.members[1])
    on_duty.answered(lease, 200, at(10))
    assert on_duty.members[0].warming
    on_duty.probed(B, at(50), well=False)
    on_duty.probed(B, at(60), well=True)
    assert on_duty.members[1].warming_since == at(60)


# Bounds


def test_more_calls_than_the_service_bears_are_refused_at_once() -> None:
    on_duty = roster(A, adaptive=AdaptiveRules())
    leases = [take(on_duty) for _ in range(3)]
    assert on_duty.take(b"", at(0)) == Unavailable(Lack.OVERLOAD)
    on_duty.answered(leases[0], 200, at(1))
    take(on_duty, 1)
    assert isinstance(on_duty.take(b"", at(1)), Unavailable), "an answered call counts no more"
    on_duty.failed(leases[1], FailureKind.REFUSED, at(1))
    on_duty.end(leases[2])
    assert on_duty.adaptive is not None
    assert on_duty.adaptive.waiting == 1


def test_a_place_is_not_taken_for_a_call_that_is_not_made() -> None:
    on_duty = roster(A, adaptive=AdaptiveRules(), breaker=BREAKER)
    fail(on_duty, A)
    for _ in range(9):
        assert on_duty.take(b"", at(0)) == Unavailable(Lack.BREAKER_OPEN, seconds(10))


def test_only_answers_and_time_outs_say_how_long_the_service_takes() -> None:
    on_duty = roster(A, adaptive=AdaptiveRules())
    for kind in (FailureKind.REFUSED, FailureKind.RESET, FailureKind.RESPONSE_TIMEOUT):
        on_duty.failed(take(on_duty), kind, at(3))
    on_duty.answered(take(on_duty), 503, at(2))
    assert on_duty.adaptive is not None
    assert on_duty.adaptive._samples == [3 * SECOND, 2 * SECOND]


# Endpoints join and leave


def test_who_stays_keeps_what_is_remembered_of_it_and_who_joins_begins_slowly() -> None:
    on_duty = roster(A, B, breaker=BREAKER, slow_start=seconds(30), balance="round-robin")
    fail(on_duty, A)
    held = take(on_duty, avoid=on_duty.members[0])
    assert held.member.endpoint == B
    on_duty.update(dataclasses.replace(on_duty.upstream, endpoints=(A, C)), at(1))
    assert [member.endpoint for member in on_duty.members] == [A, C]
    assert on_duty.members[0].breaker is not None
    assert on_duty.members[0].breaker.state is State.OPEN
    assert on_duty.members[1].warming
    assert chosen(on_duty, 1) == {C.name: 400}
    on_duty.answered(held, 200, at(2))
    on_duty.end(held)
    assert held.member.in_flight == 0, "it left, and took its call back all the same"


def test_new_rules_begin_anew_and_the_same_ones_go_on() -> None:
    on_duty = roster(A, B, breaker=BREAKER, adaptive=AdaptiveRules(), ejection=EjectionRules())
    held = take(on_duty)
    same = on_duty.adaptive
    on_duty.update(on_duty.upstream, at(1))
    assert on_duty.adaptive is same
    on_duty.update(dataclasses.replace(on_duty.upstream, breaker=BreakerRules(9)), at(1))
    assert on_duty.members[0].breaker is not None
    assert on_duty.members[0].breaker.rules == BreakerRules(9)
    on_duty.update(Upstream("u", (A,), balance="hash", hash_on=HashOn("client")), at(1))
    assert (on_duty.adaptive, on_duty.ejector, on_duty.members[0].breaker) == (None, None, None)
    on_duty.end(held)
    assert same is not None
    assert same.waiting == 0
    take(on_duty, 2, key=b"k")
    on_duty.update(Upstream("u", (A,), adaptive=AdaptiveRules()), at(1))
    assert on_duty.adaptive is not None


# Whatever happens

ACTS = ["take", "good", "bad", "late", "release", "end", "ill", "well"]
acts = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 20)), max_size=60)


balances = st.sampled_from(["two-choices", "round-robin", "hash"])


def guarded(seed: int, balance: str, slow_start: float = 9) -> Roster:
    """Three endpoints with every policy about them."""
    rules = {"breaker": BREAKER, "ejection": EjectionRules(2), "adaptive": AdaptiveRules()}
    upstream = Upstream("u", (A, B, C), balance=balance, slow_start=seconds(slow_start), **rules)  # type: ignore[arg-type]
    return Roster(upstream, SplitMix(seed))


def settle(on_duty: Roster, out: list[Lease], act: str, number: int, now: Instant) -> None:
    """Let one of those `out` end as `act` says, or an endpoint fall ill or be well again."""
    if act in {"ill", "well"}:
        on_duty.probed((A, B, C)[number % 3], now, well=act == "well")
    elif out:
        lease = out[number % len(out)]
        if act == "good":
            on_duty.answered(lease, 200, now)
        elif act == "bad":
            on_duty.answered(lease, 503, now)
        elif act == "late":
            on_duty.failed(lease, FailureKind.RESPONSE_TIMEOUT, now)
        elif act == "release":
            on_duty.released(lease)
        else:
            on_duty.end(lease)
            out.remove(lease)


@given(acts=acts, seed=st.integers(0, 2**32), balance=balances)
def test_whatever_is_taken_is_given_back(acts, seed: int, balance: str) -> None:
    on_duty, now, out = guarded(seed, balance), 0.0, []
    for act, number in acts:
        now += number / 4
        if act == "take":
            found = on_duty.take(b"%d" % number, at(now), out[0].member if out else None)
            if isinstance(found, Lease):
                out.append(found)
        else:
            settle(on_duty, out, act, number, at(now))
        assert sum(member.in_flight for member in on_duty.members) == len(out)
    twin = copy.deepcopy(on_duty)
    assert twin == on_duty
    for lease in out:
        on_duty.end(lease)
    assert on_duty.adaptive is not None
    assert on_duty.adaptive.waiting == 0
    for member in on_duty.members:
        assert member.in_flight == 0
        assert member.breaker is not None
        assert member.breaker.probing == 0


@pytest.mark.parametrize("slow_start", [0, 9])
@pytest.mark.parametrize("balance", ["two-choices", "round-robin"])
def test_who_is_calm_chooses_as_one_who_looks_at_everybody(balance: str, slow_start: float) -> None:
    """A roster that knows nobody to be ill, out or warming skips the look, and nothing else.

    By seeds: it takes a row of some length until, while all are calm, somebody is ejected, or a
    breaker closes.
    """
    for seed in range(80):
        dice, on_duty = random.Random(seed), guarded(seed, balance, slow_start)
        now, out = 0.0, []
        for _ in range(80):
            act, number = (
                dice.choice([*ACTS, *ACTS[:-2], *ACTS[:-2]]),
                dice.randrange(21),
            )
            now += number / 4
            if act != "take":
                settle(on_duty, out, act, number, at(now))
                continue
            avoid = out[0].member if out else None
            watchful, shunned = copy.deepcopy((on_duty, avoid))
            watchful._calm = False
            found = on_duty.take(b"%d" % number, at(now), avoid)
            assert watchful.take(b"%d" % number, at(now), shunned) == found
            watchful._calm = on_duty._calm
            assert watchful == on_duty
            if isinstance(found, Lease):
                out.append(found)
