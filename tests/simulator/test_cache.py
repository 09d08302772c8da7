"""Whole exchanges with a cache against failing fleets: hours of virtual time, seeds, every promise.

The service says of each answer for whom, of what and when it was made, and on what terms. So
whatever a client is sent can be judged by itself: whose it is, how old, and whether a purge or a
change came between.
"""

import random
from dataclasses import dataclass, field, replace

import pytest

from gateway_core.caching import CachePolicy, Store
from gateway_core.caching.searching import equivalent, variation_of
from gateway_core.chance import SplitMix
from gateway_core.clock import MILLISECOND, SECOND, Duration, Instant
from gateway_core.exchange import Cache, Door, Exchange, Phase, Policies
from gateway_core.forwarding import ForwardingRules
from gateway_core.identifying import (
    IDENTITY_FIELDS,
    ApiKey,
    ApiKeys,
    Caller,
    Field,
    Guard,
    KeyRing,
    digest_of,
)
from gateway_core.message import Fields, ResponseHead, UpstreamRequest, value
from gateway_core.retrying import RetryRules
from gateway_core.routing import Pattern, Route, Router
from gateway_core.simulation import ClientHabits, EndpointHabits, Fleet, World
from gateway_core.simulation.fleet import Ending
from tests.exchanges import UPSTREAM, get, protected

HOUR = 3600 * SECOND
CAPACITY = 40_000
"""Bytes: less than all that is asked for takes, so that answers are pushed out."""
WHOLE = 3000
"""Bytes of a body: three pieces, as endpoints have them by default."""
WHO = [b"ann", b"ben"]
KEYS = ApiKeys(
    "keys",
    KeyRing(tuple(ApiKey(digest_of(who.decode()), Caller(who.decode())) for who in WHO)),
    (Field(b"x-api-key"),),
)
ROUTES = {
    "open": CachePolicy(ttl=20),
    "mine": CachePolicy(ttl=20, stale_while_revalidate=5),
    "alike": CachePolicy(no_vary_search=True),
}
SAYINGS = [
    b"",
    b"max-age=30",
    b"max-age=30, stale-while-revalidate=20",
    b"max-age=10, stale-if-error=120",
    b"max-age=10, must-revalidate",
    b"max-age=0, stale-while-revalidate=15",
    b"no-cache",
    b"private",
    b"no-store",
    b"s-maxage=25",
]
SPELLS = [
    EndpointHabits(),
    EndpointHabits(think_max=Duration(3 * SECOND)),
    EndpointHabits(refuses=1),
    EndpointHabits(errs=1),
    EndpointHabits(resets=3, errs=4),
    EndpointHabits(swallows=3),
    EndpointHabits(breaks=3, stalls=9),
    EndpointHabits(piece_max=Duration(2 * SECOND), breaks=5),
]


@dataclass
class Site:
    """The service."""

    world: World
    fetched: int = 0

    def answer(self, request: UpstreamRequest) -> ResponseHead:
        if request.method == "POST":
            return ResponseHead(204, (), 0)
        self.fetched += 1
        dice, path = self.world.dice, request.target
        said = dice.choice(SAYINGS)
        who = value(request.fields, b"x-consumer-id") or b""
        stamp = b"%b %b %d" % (who, path, self.world.now)
        lines = [(b"x-stamp", stamp), (b"cache-control", said)]
        if dice.randrange(2):
            lines.append((b"vary", b"lang"))
        if path.startswith(b"/alike"):
            lines.append((b"no-vary-search", dice.choice([b'params=("u")', b'params=("u")', b"?"])))
        etag = b'"%b"' % path
        if value(request.fields, b"if-none-match") == etag:
            return ResponseHead(304, (*lines, (b"etag", etag)), 0)
        if dice.randrange(3):
            lines.append((b"etag", etag))
        return ResponseHead(200, tuple(lines))


@dataclass
class Day:
    """A fleet with a cache, what was purged of it when, and what must hold at any moment."""

    fleet: Fleet
    site: Site
    purged: list[tuple[Instant, bytes]] = field(default_factory=list)
    most_waiting: int = 0

    def ask(self, when: int, head) -> None:
        self.fleet.world.at(Instant(when), lambda: self.fleet.request(head))

    def purge(self, when: int, target: bytes) -> None:
        def act() -> None:
            self.purged.append((self.fleet.world.now, target))
            self.fleet.policies.cache.purge_url(b"http://gw.example" + target)

        self.fleet.world.at(Instant(when), act)

    def look(self) -> None:
        cache, shelf = self.fleet.policies.cache, self.fleet.shelf
        assert cache.store.stats.bytes <= CAPACITY
        assert set(shelf.bodies) == set(cache.store._bodies), "no body is lost, and none is left"
        names = [flight.name for x in self.fleet.running if (flight := leading(x)) is not None]
        assert len(names) == len(set(names)), "one fetch of a thing at a time"
        self.most_waiting = max(self.most_waiting, shelf.waiting)


def leading(exchange: Exchange):
    """The fetch that it makes for others, too; None if it makes none, or it is to be forgotten."""
    reuse = exchange._reuse
    flight = reuse.flight if reuse is not None and exchange.phase is Phase.CALLING else None
    return flight if flight is not None and flight.name and not flight.doomed else None


def policies_of(seed: int) -> Policies:
    tries = replace(
        protected().upstreams["service-a"], retries=RetryRules(tries=2), hedge_after=None
    )
    return Policies(
        Router(tuple(Route(name, Pattern.prefix(f"/{name}"), "service-a") for name in ROUTES)),
        {"service-a": tries if seed % 2 else UPSTREAM},
        ForwardingRules(reserved=IDENTITY_FIELDS),
        doors={"mine": Door(Guard((KEYS,), frozenset()))},
        cache=Cache(Store(CAPACITY)),
        caching=ROUTES,
        dice=SplitMix(seed),
    )


def target_of(dice: random.Random) -> bytes:
    """A few things are asked for often, many now and then."""
    number = min(dice.randrange(60), dice.randrange(60)) // 3
    query = b"?q=%d&u=%d" % (number % 4, dice.randrange(3))
    return dice.choice([b"/open/%d" % number, b"/mine/%d" % (number % 5), b"/alike" + query])


def bad_day(seed: int) -> Day:
    """Two hours: bursts for one thing, strays, changes, purges, clients that leave."""
    dice = random.Random(seed)
    fleet = Fleet(World(dice), policies_of(seed), clients=ClientHabits(leaves=8))
    site = Site(fleet.world)
    fleet.origin = site.answer
    day = Day(fleet, site)
    fleet.world.watchers.append(day.look)
    for endpoint in fleet.policies.upstreams["service-a"].endpoints:
        when, spells = 0, []
        while when < 2 * HOUR:
            spells.append((Instant(when), dice.choice(SPELLS) if dice.randrange(2) else SPELLS[0]))
            when += dice.choice([30, 300, 900]) * SECOND
        fleet.weather[endpoint.name] = spells
    for _ in range(60):
        # Things happen in swarms of a minute or two, so that what is stored is asked for again.
        start = dice.randrange(2 * HOUR)
        for _ in range(dice.choice([3, 8])):
            target, when = target_of(dice), start + dice.randrange(90 * SECOND)
            lang = (b"lang", dice.choice([b"en", b"de"]))
            fields: Fields = (lang, (b"x-api-key", dice.choice(WHO)))
            for _ in range(dice.choice([1, 1, 2, 6])):
                day.ask(when + dice.randrange(50 * MILLISECOND), get(target, fields=fields))
            # Some in the middle of a fetch, some later; of a query that may be alike.
            change = when + dice.choice([70 * MILLISECOND, 60 * SECOND]) * dice.randrange(9) // 8
            other = target.replace(b"u=0", b"u=1")
            if not dice.randrange(4):
                day.ask(change, get(other, method="POST", fields=fields))
            if not dice.randrange(4):
                day.purge(change, other)
    fleet.world.run()
    return day


@dataclass(frozen=True)
class Sent:
    """An answer, and what its stamp says."""

    exchange: Exchange
    ending: Ending
    who: bytes
    target: bytes
    made: int

    def field(self, name: bytes) -> bytes:
        return value(self.ending.fields, name) or b""

    def is_of(self, target: bytes) -> bool:
        if target == self.target:
            return True
        path, _, query = self.target.partition(b"?")
        other, _, its = target.partition(b"?")
        heeded = path == other and path.startswith(b"/alike")
        return heeded and equivalent(query, its, variation_of(self.ending.fields))


def answers(day: Day) -> list[Sent]:
    sent = []
    for exchange, ending in zip(day.fleet.exchanges, day.fleet.endings, strict=True):
        stamp = value(ending.fields, b"x-stamp")
        if stamp is not None:
            who, target, made = stamp.split(b" ")
            sent.append(Sent(exchange, ending, who, target, int(made)))
    return sent


def terms(sent: Sent) -> dict[bytes, int]:
    words = (word.partition(b"=") for word in sent.field(b"cache-control").split(b", "))
    return {name: int(told or 0) for name, _, told in words}


def longest(sent: Sent) -> int:
    """Seconds after it was made or confirmed for which an answer may be sent from the cache."""
    told = terms(sent)
    route = ROUTES[sent.exchange.record.route]
    fresh = told.get(
        b"s-maxage", told.get(b"max-age", route.ttl or 0 if told.keys() == {b""} else 0)
    )
    if told.keys() & {b"must-revalidate", b"s-maxage", b"no-cache"}:
        return fresh
    if b"detail=stale-if-error" in sent.field(b"cache-status"):
        return fresh + told.get(b"stale-if-error", 60)
    stale = told.get(b"stale-while-revalidate", route.stale_while_revalidate or 0)
    return fresh + (stale if sent.field(b"x-cache") == b"STALE" else 0)


@pytest.mark.parametrize("seed", range(40))
def test_on_bad_days_every_promise_is_kept(seed: int) -> None:
    day = bad_day(seed)
    for sent in answers(day):
        record, ending = sent.exchange.record, sent.ending
        assert sent.who == record.consumer.encode(), "an answer of one consumer to another"
        assert sent.is_of(sent.exchange.head.target), "an answer of another URL"
        if sent.field(b"x-cache") in {b"HIT", b"STALE"}:
            # A second for what whole seconds hide: when it was made, and when it is sent.
            assert ending.begun - sent.made < (longest(sent) + 1) * SECOND, sent.ending.fields
            assert not terms(sent).keys() & {b"private", b"no-store"}
        if ending.whole and ending.body:
            assert ending.body == WHOLE, "half an answer that looks whole"
        for when, target in (*day.purged, *changes(day)):
            if record.started >= when and sent.is_of(target):
                assert sent.made >= when, "an answer from before a purge or a change"
    assert_nothing_is_left(day)


def changes(day: Day) -> list[tuple[Instant, bytes]]:
    return [
        (x.record.answered, x.head.target)
        for x in day.fleet.exchanges
        if x.head.method == "POST" and x.record.status == 204
    ]


def assert_nothing_is_left(day: Day) -> None:
    cache = day.fleet.policies.cache
    assert all(exchange.done for exchange in day.fleet.exchanges)
    assert len(cache.flights) == 0
    assert cache.flights._alone == {}
    assert not cache.has_let_go
    assert not day.fleet.shelf.waiting
    for ending in day.fleet.endings:
        assert ending.answers == 1 or (ending.left or ending.answers == 0)


def test_the_days_showed_all_that_a_cache_does() -> None:
    verdicts, details, evicted, waiting = set(), set(), 0, 0
    for seed in range(6):
        day = bad_day(seed)
        for sent in answers(day):
            verdicts.add(sent.field(b"x-cache"))
            details |= set(sent.field(b"cache-status").split(b"; "))
        evicted += day.fleet.policies.cache.store.stats.evicted
        waiting = max(waiting, day.most_waiting)
        asked = sum(x.head.method == "GET" for x in day.fleet.exchanges)
        assert day.site.fetched < asked
    assert verdicts == {b"MISS", b"HIT", b"STALE", b"REVALIDATED"}
    assert {b"collapsed", b"detail=stale-if-error", b"detail=private"} <= details
    assert evicted > 20
    assert waiting >= 3


def test_the_same_seed_writes_the_same_journal() -> None:
    journals = [str(bad_day(7).fleet.world.journal) for _ in range(2)]
    assert journals[0] == journals[1]
    assert journals[0] != str(bad_day(8).fleet.world.journal)


def test_however_many_ask_for_a_cold_thing_at_once_it_is_fetched_once() -> None:
    fleet = Fleet(World(random.Random(1)), policies_of(0))
    fleet.origin = lambda _request: ResponseHead(200, ((b"cache-control", b"max-age=60"),))
    for _ in range(1000):
        fleet.request(get(b"/open/cold"))
    fleet.world.run()
    assert fleet.called.total() == 1
    assert [(e.status, e.whole, e.body) for e in fleet.endings] == [(200, True, WHOLE)] * 1000
