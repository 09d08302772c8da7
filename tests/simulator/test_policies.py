"""Every policy at once against failing fleets: hours of virtual time, a hundred seeds, seconds.

Each seed draws the weather of three endpoints (well, down, flapping, slow, half broken) over two
hours, bursts of requests, and clients that leave; what must hold is looked at after every event.
"""

import random

import pytest

from gateway_core.adapting import AdaptiveRules
from gateway_core.breaking import BreakerRules, SlowRule, State
from gateway_core.chance import SplitMix
from gateway_core.clock import MILLISECOND, SECOND, Duration, Instant, seconds
from gateway_core.ejecting import EjectionRules
from gateway_core.exchange import Exchange
from gateway_core.message import RequestHead
from gateway_core.ratio import percent
from gateway_core.retrying import RetryRules
from gateway_core.simulation import ClientHabits, EndpointHabits, Fleet, Weather, World, replay
from tests.exchanges import get, protected
from tests.simulator.checkers import Checkers

HOUR = 3600 * SECOND
PEACE = 2 * HOUR + 900 * SECOND
"""When every endpoint has been well for longer than any breaker stays open."""
SPELLS = [
    EndpointHabits(),
    EndpointHabits(refuses=1),
    EndpointHabits(resets=2, errs=3),
    EndpointHabits(errs=1),
    EndpointHabits(think_max=Duration(6 * SECOND)),
    EndpointHabits(swallows=2),
    EndpointHabits(breaks=3, stalls=9),
    EndpointHabits(bears=2, think_max=Duration(300 * MILLISECOND)),
]
"""Well, crashed, partly broken, failing all, slow, silent, dying in mid-answer, overloaded."""


def weather(dice: random.Random) -> Weather:
    """Two hours: spells of a minute to half an hour; flapping now and then; well in the end."""
    when, spells = 0, []
    while when < 2 * HOUR:
        spells.append((Instant(when), dice.choice(SPELLS)))
        when += dice.choice([5, 60, 600, 1800]) * SECOND
    return [*spells, (Instant(2 * HOUR), SPELLS[0])]


def bad_days(seed: int, **changes) -> tuple[Fleet, Checkers]:
    """Two hours of it, and then a quarter of an hour of peace."""
    dice = random.Random(seed)
    rules = {
        "retries": RetryRules(tries=3),
        "breaker": BreakerRules(
            failure_ratio=percent(50),
            slow=SlowRule(seconds(2), percent(50)),
            minimum=10,
            probes=dice.choice([1, 2]),
            probes_to_close=dice.choice([1, 3]),
        ),
        "balance": dice.choice(["two-choices", "round-robin", "hash"]),
        "ejection": EjectionRules(),
    }
    policies = protected(**{**rules, **changes})
    clients = ClientHabits(leaves=8, patience_max=Duration(2 * SECOND))
    fleet = Fleet(World(dice), policies, clients=clients)
    fleet.weather = {e.name: weather(dice) for e in policies.upstreams["service-a"].endpoints}
    checkers = Checkers(fleet)
    fleet.world.watchers.append(checkers.look)
    for _ in range(14):
        start = dice.randrange(2 * HOUR)
        for _ in range(dice.choice([1, 5, 30])):
            head = get(method=dice.choice(["GET", "GET", "PUT", "POST"]))
            ask(fleet, start + dice.randrange(SECOND), head)
    fleet.world.run(until=Instant(PEACE))
    return fleet, checkers


def ask(fleet: Fleet, when: int, head: RequestHead) -> None:
    fleet.world.at(Instant(when), lambda: fleet.request(head))


@pytest.mark.parametrize("seed", range(100))
def test_on_bad_days_every_promise_is_kept(seed: int) -> None:
    fleet, checkers = bad_days(seed)
    checkers.assert_each_was_answered_once()
    checkers.assert_nothing_is_left()
    # And a breaker never starves: once all is well, everybody is served again.
    fleet.clients = ClientHabits()
    for number in range(120):
        ask(fleet, PEACE + number * SECOND, get())
    fleet.world.run()
    last = fleet.endings[-60:]
    assert [(ending.status, ending.whole) for ending in last] == [(200, True)] * 60
    (roster,) = fleet.policies.rosters.values()
    called = {exchange.record.endpoint for exchange in fleet.exchanges[-60:]}
    if roster.upstream.balance != "hash":
        assert len(called) == 3
        assert all(member.breaker.state is State.CLOSED for member in roster.members)


def test_the_days_were_bad_enough_to_show_something() -> None:
    opened, most, hedges, statuses = 0, 0, set(), set()
    for seed in range(10):
        fleet, checkers = bad_days(seed)
        opened += checkers.opened.total()
        most = max(most, checkers.most_retrying)
        hedges |= {exchange.record.hedge for exchange in fleet.exchanges}
        statuses |= {ending.status for ending in fleet.endings}
    assert opened > 20
    assert most >= 3
    assert hedges == {"", "won", "lost"}
    assert {0, 200, 502, 503, 504} <= statuses


def test_the_same_seed_writes_the_same_journal() -> None:
    journals = [str(bad_days(7)[0].world.journal) for _ in range(2)]
    assert journals[0] == journals[1]
    assert journals[0] != str(bad_days(8)[0].world.journal)


def test_a_whole_world_can_be_replayed_since_its_policies_are_plain_data() -> None:
    fleet, _ = bad_days(3)
    twin_policies = protected_like(fleet)
    machines: dict[str, Exchange] = {}
    for entry in fleet.world.journal.entries:
        machine = machines.setdefault(entry.machine, Exchange(twin_policies))
        (commands,) = replay([(entry.now, entry.event)], machine)  # type: ignore[list-item]
        assert commands == entry.commands
    assert twin_policies.rosters == fleet.policies.rosters


def protected_like(fleet: Fleet):
    """Policies of the same rules, as they were in the beginning."""
    upstream = fleet.policies.upstreams["service-a"]
    rules = {name: getattr(upstream, name) for name in upstream.__dataclass_fields__}
    return protected(**rules)


@pytest.mark.parametrize("concurrent", [20, 40, 100])
def test_no_retry_storm_where_a_service_fails_everything(concurrent: int) -> None:
    """Clients that ask anew as soon as they are answered: amplification stays under 1.25."""
    policies = protected(
        retries=RetryRules(tries=3),
        breaker=None,
        ejection=None,
        adaptive=None,
        hedge_after=None,
    )
    habits = EndpointHabits(errs=1, think_max=Duration(100 * MILLISECOND))
    fleet = Fleet(World(random.Random(concurrent)), policies, habits)
    checkers = Checkers(fleet)
    if concurrent == 20:  # to look at everybody after every event takes the square of them
        fleet.world.watchers.append(checkers.look)

    def client(number: int) -> None:
        if fleet.world.now < 4 * SECOND:
            fleet.request(get())
            again(number, fleet.exchanges[-1])

    def again(number: int, exchange: Exchange) -> None:
        if exchange.done:
            client(number)
        else:
            fleet.world.soon(5 * MILLISECOND, lambda: again(number, exchange))

    for number in range(concurrent):
        client(number)
    fleet.world.run()
    asked = len(fleet.endings)
    assert asked > 10 * concurrent
    assert fleet.called.total() / asked < 1.25
    checkers.assert_nothing_is_left()


def test_weights_are_kept_within_statistical_bounds() -> None:
    endpoints = protected().upstreams["service-a"].endpoints
    for balance in ("two-choices", "round-robin"):
        weighted = tuple(
            type(e)(e.scheme, e.host, e.port, weight=weight)
            for e, weight in zip(endpoints, (5, 3, 2), strict=True)
        )
        policies = protected(endpoints=weighted, balance=balance, adaptive=None, hedge_after=None)
        fleet = Fleet(World(random.Random(1)), policies)
        for number in range(3000):
            ask(fleet, number * 50 * MILLISECOND, get())
        fleet.world.run()
        parts = [fleet.called[endpoint.name] / 3000 for endpoint in weighted]
        # Four standard deviations of a binomial distribution are 0.037 at most.
        assert parts == pytest.approx([0.5, 0.3, 0.2], abs=0.037)


def test_a_service_that_bears_less_is_asked_less_and_serves_more() -> None:
    """Adaptive concurrency: what is beyond is refused at once, what is served is served in time."""
    policies = protected(
        endpoints=protected().upstreams["service-a"].endpoints[:1],
        retries=RetryRules(tries=1),
        breaker=None,
        hedge_after=None,
        per_try_timeout=None,
        adaptive=AdaptiveRules(),
    )
    habits = EndpointHabits(bears=8, think_max=Duration(40 * MILLISECOND))
    fleet = Fleet(World(random.Random(5)), policies, habits)
    for number in range(4000):
        ask(fleet, number * MILLISECOND, get())
    fleet.world.run()
    statuses = [ending.status for ending in fleet.endings]
    assert set(statuses) == {200, 503}
    served = [
        exchange.record for exchange in fleet.exchanges[1000:] if exchange.record.status == 200
    ]
    waits = sorted(record.answered - record.asked for record in served)
    assert waits[len(waits) // 2] < 60 * MILLISECOND
    assert len(served) > 600
    assert {x.record.reason for x in fleet.exchanges if x.record.status == 503} == {"overload"}


def test_dice_of_the_policies_are_seeded_apart_from_the_world_s() -> None:
    assert protected().dice == SplitMix(0)
