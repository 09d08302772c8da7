"""Limits among all other policies, on bad days: what they promise, counted beside them."""

import random
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from gateway_core.clock import MILLISECOND, SECOND, Duration, Instant, seconds
from gateway_core.exchange import Exchange, Phase, Policies
from gateway_core.limiting import (
    KEYS_MAX,
    ByClient,
    Concurrency,
    FixedWindow,
    Gcra,
    Limit,
    Limits,
    Outcome,
    PerKey,
    Rate,
    SlidingWindow,
    WhenFull,
)
from gateway_core.message import value
from gateway_core.simulation import ClientHabits, EndpointHabits, Fleet, World
from tests.exchanges import get, protected

WINDOW = Duration(60 * SECOND)
QUOTA, BURST, PER_SECOND, AT_ONCE = 20, 5, 2, 3
CLIENTS = [f"192.0.2.{number}" for number in range(1, 6)]
BAD = EndpointHabits(
    refuses=9, resets=9, errs=9, breaks=15, swallows=30, think_max=Duration(900 * MILLISECOND)
)
WAITING = {Phase.ROUTING, Phase.IDENTIFYING, Phase.DONE}


def limits() -> Limits:
    window, rate = SlidingWindow(Rate(QUOTA, WINDOW)), Rate(PER_SECOND, Duration(SECOND))
    named = {
        "minute": PerKey(window),
        "pace": PerKey(Gcra(rate, BURST)),
        "at-once": Concurrency(AT_ONCE),
    }
    enforced = tuple(Limit(name, limiter, (ByClient(),)) for name, limiter in named.items())
    shadow = PerKey(FixedWindow(Rate(3, WINDOW)))
    return Limits((*enforced, Limit("tried-out", shadow, (ByClient(),), shadow=True)))


def bad_times(seed: int) -> Fleet:
    """Ten minutes: five clients ask in bursts, some leave, the endpoints fail in every way."""
    dice = random.Random(seed)
    policies: Policies = replace(protected(adaptive=None), limits={"a": limits()})
    clients = ClientHabits(leaves=6, patience_max=Duration(2 * SECOND))
    fleet = Fleet(World(dice), policies, BAD, clients)
    fleet.world.watchers.append(lambda: look_at_those_at_once(fleet))
    for _ in range(60):
        start, peer = dice.randrange(600 * SECOND), dice.choice(CLIENTS)
        for _ in range(dice.choice([1, 3, 12])):
            when = Instant(start + dice.randrange(seconds(dice.choice([0.001, 2, 40]))))
            head = replace(get(), peer=peer)
            fleet.world.at(when, lambda head=head: fleet.request(head))
    fleet.world.run()
    return fleet


def look_at_those_at_once(fleet: Fleet) -> None:
    """No client has more in flight than it may; nobody counts but the phases of exchanges."""
    running = [each.record.client for each in fleet.running if each.phase not in WAITING]
    assert max(Counter(running).values(), default=0) <= AT_ONCE


def said(exchange: Exchange):
    judgement = exchange.record.limits
    assert judgement is not None
    return judgement


def admitted(fleet: Fleet) -> dict[str, list[Instant]]:
    """When each client's requests were let in."""
    by_client: dict[str, list[Instant]] = defaultdict(list)
    for exchange in fleet.exchanges:
        if said(exchange).outcome is Outcome.ADMITTED:
            by_client[exchange.record.client].append(exchange.record.started)
    return {client: sorted(instants) for client, instants in by_client.items()}


@pytest.mark.parametrize("seed", range(40))
def test_on_bad_days_every_limit_is_kept(seed: int) -> None:
    fleet = bad_times(seed)
    assert all(exchange.done for exchange in fleet.exchanges)
    for instants in admitted(fleet).values():
        for place, now in enumerate(instants):
            assert place + 1 - bisect_right(instants, now - WINDOW) <= QUOTA
            for first in range(place + 1):
                stretch, count = now - instants[first], place + 1 - first
                assert (count - BURST) * SECOND <= PER_SECOND * stretch
    for limit in fleet.policies.limits["a"].limits:
        if limit.holds:
            assert len(limit.limiter) == 0  # type: ignore[arg-type]


def test_the_days_were_bad_enough_to_show_something() -> None:
    binding, statuses, shadowed = Counter(), set(), 0
    for seed in range(10):
        fleet = bad_times(seed)
        for exchange, ending in zip(fleet.exchanges, fleet.endings, strict=True):
            judgement = said(exchange)
            statuses.add(ending.status)
            shadowed += bool(judgement.shadowed) and judgement.outcome is Outcome.ADMITTED
            if judgement.outcome is Outcome.REFUSED:
                binding[judgement.binding] += 1
    assert min(binding[name] for name in ("minute", "pace", "at-once")) > 20
    assert {0, 200, 429, 502, 503, 504} <= statuses
    assert shadowed > 100


def test_clients_that_wait_as_told_are_all_served_in_the_end() -> None:
    """Each asks again after Retry-After; a rate's refusal then never comes twice in a row."""
    rate = PerKey(SlidingWindow(Rate(QUOTA, WINDOW)))
    policies = replace(
        protected(adaptive=None), limits={"a": Limits((Limit("minute", rate, (ByClient(),)),))}
    )
    fleet = Fleet(World(random.Random(1)), policies)
    served: Counter[str] = Counter()

    def ask(client: str, left: int, *, refused: bool = False) -> None:
        if left:
            fleet.request(replace(get(), peer=client))
            exchange = fleet.exchanges[-1]
            if said(exchange).outcome is Outcome.ADMITTED:
                served[client] += 1
                fleet.world.soon(10 * MILLISECOND, lambda: ask(client, left - 1))
            else:
                assert not refused
                wait = int(value(said(exchange).fields, b"ratelimit").rpartition(b"t=")[2])
                fleet.world.soon(wait * SECOND, lambda: ask(client, left, refused=True))

    for client in CLIENTS:
        ask(client, 100)
    fleet.world.run()
    assert set(served.values()) == {100}
    assert fleet.world.now < 5 * WINDOW + 10 * SECOND


@pytest.mark.parametrize("when_full", WhenFull)
def test_a_million_clients_stay_within_the_bound(when_full: WhenFull) -> None:
    """All in one window, so that none may be forgotten without harm."""
    limiter = PerKey(Gcra(Rate(1, Duration(86_400 * SECOND)), 1), when_full=when_full)
    admitted = sum(
        limiter.admit(f"2001:db8:{number:x}::/64", Instant(number)).admitted
        for number in range(1_000_000)
    )
    assert len(limiter) == KEYS_MAX
    assert admitted == (KEYS_MAX if when_full is WhenFull.REFUSE else 1_000_000)
