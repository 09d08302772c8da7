"""No interleaving serves one consumer's answer to another, nor an answer older than a change.

A model: consumers, a few URLs, an origin that stamps each answer with who asked and with how
often the URL was changed; clients come, wait, leave, and are answered in any order.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway_core.caching import BodyId, CachePolicy
from gateway_core.caching.storing import Answered
from gateway_core.clock import SECOND, Instant, UnixTime
from gateway_core.coalescing import Landing
from gateway_core.errors import FailureKind
from gateway_core.exchange import Admission, Cache
from gateway_core.exchange.keyed import reuse_of
from gateway_core.exchange.outcomes import (
    Ask,
    Await,
    Failed,
    Judged,
    Keep,
    Looked,
    Serve,
)
from gateway_core.exchange.reuse import Reuse
from gateway_core.forwarding import Client
from gateway_core.message import RequestHead, ResponseHead
from gateway_core.routing import Match, Pattern, Route
from tests.lab import EPOCH

CONSUMERS = ["", "ann", "ben"]
URLS = [b"/x", b"/y"]
ROUTE = Route("r", Pattern.prefix("/"), "u")
POLICY = CachePolicy(ttl=5, stale_while_revalidate=5, partition=True)
SAYINGS = [
    b"max-age=5",
    b"max-age=5, stale-if-error=60",
    b"max-age=0, stale-while-revalidate=3",
    b"no-cache",
    b"private",
    b"no-store",
    b"public, max-age=1",
]


@dataclass
class Visitor:
    consumer: str
    url: bytes
    reuse: Reuse
    changes: int
    """How often its URL had been changed when it came."""
    state: Looked | Judged | None = None
    asked_after: int = 0
    """How often it had been changed when the origin was asked."""


@dataclass
class Stamp:
    consumer: str
    url: bytes
    changes: int


class Interleavings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cache = Cache()
        self.now = Instant(0)
        self.visitors: list[Visitor] = []
        self.stamps: dict[BodyId, Stamp] = {}
        self.changes = dict.fromkeys(URLS, 0)

    @rule(
        who=st.sampled_from(CONSUMERS),
        url=st.sampled_from(URLS),
        lang=st.sampled_from([b"en", b"de"]),
    )
    def come(self, who: str, url: bytes, lang: bytes) -> None:
        head = RequestHead("GET", url, b"a", ((b"lang", lang),))
        admission = Admission(Client("192.0.2.1", "http", b"a", ()), _match(url), who)
        reuse = reuse_of(head, admission, self.cache, POLICY)
        visitor = Visitor(who, url, reuse, self.changes[url])
        self._told(visitor, reuse.look_up(self.now))

    @rule(data=st.data(), said=st.sampled_from(SAYINGS), vary=st.booleans(), tag=st.booleans())
    def answer(self, data: st.DataObject, said: bytes, vary: bool, tag: bool) -> None:
        asking = [visitor for visitor in self.visitors if isinstance(visitor.state, Ask)]
        if not asking:
            return
        visitor = data.draw(st.sampled_from(asking))
        etag = b'"%b-%b-%d"' % (visitor.consumer.encode(), visitor.url, visitor.asked_after)
        fields = [(b"cache-control", said)]
        if tag:
            fields.append((b"etag", etag))
        if vary:
            fields.append((b"vary", b"lang"))
        unchanged = (b"if-none-match", etag) in visitor.reuse.add
        head = ResponseHead(304 if unchanged else 200, tuple(fields), 0 if unchanged else 1)
        at = UnixTime(EPOCH + self.now // SECOND)
        self._told(
            visitor, visitor.reuse.answered(Answered(head, head, at, at, self.now), self.now)
        )

    @rule(data=st.data(), status=st.sampled_from([None, 503]))
    def fail(self, data: st.DataObject, status: int | None) -> None:
        asking = [visitor for visitor in self.visitors if isinstance(visitor.state, Ask)]
        if asking:
            visitor = data.draw(st.sampled_from(asking))
            stand_in = visitor.reuse.failed(FailureKind.REFUSED, self.now)
            self._told(visitor, stand_in or Failed(FailureKind.REFUSED))

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.visitors:
            visitor = data.draw(st.sampled_from(self.visitors))
            self._go(visitor)

    @rule(url=st.sampled_from(URLS))
    def change(self, url: bytes) -> None:
        self.changes[url] += 1
        self.cache.purge_url(b"http://a" + url)
        self._settle()

    @rule(seconds=st.integers(1, 7))
    def wait(self, seconds: int) -> None:
        self.now = Instant(self.now + seconds * SECOND)

    @rule()
    def purge(self) -> None:
        self.cache.purge_all()
        self._settle()

    def _told(self, visitor: Visitor, told: Looked | Judged) -> None:
        visitor.state = told
        if visitor not in self.visitors:
            self.visitors.append(visitor)
        match told:
            case Ask():
                visitor.asked_after = self.changes[visitor.url]
            case Await():
                pass
            case Keep():
                self.stamps[told.entry.body] = Stamp(
                    visitor.consumer, visitor.url, visitor.asked_after
                )
                self.cache.store.complete(told.entry.body, 1)
                self._go(visitor)
            case Serve():
                self._served(visitor, told)
                self._go(visitor)
            case _:
                self._go(visitor)
        self._settle()

    def _served(self, visitor: Visitor, serve: Serve) -> None:
        stamp = self.stamps[serve.entry.body]
        assert stamp.consumer == visitor.consumer, "another consumer's answer"
        assert stamp.url == visitor.url, "another URL's answer"
        assert stamp.changes >= visitor.changes, "an answer from before a change"
        if serve.refresh is not None:
            self.cache.flights.land(serve.refresh, Landing.LEFT)

    def _go(self, visitor: Visitor) -> None:
        visitor.reuse.end()
        if visitor in self.visitors:
            self.visitors.remove(visitor)
        self._settle()

    def _settle(self) -> None:
        while self.cache.has_let_go:
            bodies, flights = self.cache.let_go()
            for body in bodies:
                self.stamps.pop(body, None)
            for visitor in list(self.visitors):
                if isinstance(visitor.state, Await) and visitor.state.flight.number in flights:
                    self._told(visitor, visitor.reuse.landed(self.now))

    @invariant()
    def every_flight_has_a_leader(self) -> None:
        led = {visitor.reuse.flight.name for visitor in self.visitors if visitor.reuse.flight}
        assert len(self.cache.flights) <= len(led)

    @invariant()
    def nobody_waits_for_nobody(self) -> None:
        leading = [visitor.reuse.flight for visitor in self.visitors]
        for visitor in self.visitors:
            if isinstance(visitor.state, Await):
                assert any(flight is visitor.state.flight for flight in leading)


def _match(url: bytes) -> Match:
    return Match(ROUTE, url, url, {}, b"a")


Interleavings.TestCase.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
test_no_interleaving_serves_the_wrong_answer = Interleavings.TestCase
