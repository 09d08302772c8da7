"""Where one exchange meets the cache.

    look_up --> Serve        what is stored answers
            --> Await        another fetches it: look again once that has landed
            --> Ask          the upstream, with validators if there is something to confirm
            --> Deny         the client wants no upstream asked, and nothing is stored: 504

    answered -> PassOn       the upstream's answer is the client's, and nobody else's
             -> Keep         it is stored, for this client and for whoever waits
             -> Serve        what was stored is confirmed, or stands in for an error
             -> Ask          again, without validators: the 304 was about something else

Whoever leads a flight lands it: with the answer, with its failure, or at `end`.

Source: RFC 9111; for the ways of this cache docs/topics/cache-semantics.md.
"""

from dataclasses import dataclass, replace
from typing import Final

from ..caching.age import AGE
from ..caching.answering import Answer, answer
from ..caching.asking import PLAIN_GET, Asked
from ..caching.entry import Entry
from ..caching.invalidating import invalidated, is_unsafe
from ..caching.keying import has_unkeyed_cookie
from ..caching.policy import CachePolicy
from ..caching.reuse import ERRORS, Hit, NotCached, judge, may_stand_in
from ..caching.searching import Search
from ..caching.status import CacheNote, Forwarded, Verdict, hit_fields, note_fields
from ..caching.storing import Answered, Request, Unstorable, make_entry, why_not_stored
from ..caching.validating import (
    CONDITIONS,
    RANGES,
    agrees,
    confirmable,
    confirmed,
    confirms,
    validators,
)
from ..caching.varying import selecting_values
from ..clock import Instant
from ..coalescing import Flight, Landing
from ..errors import FailureKind
from ..message import Fields, RequestHead, ResponseHead
from .cache import Cache
from .outcomes import (
    ASK,
    NOT_CACHED,
    PASS_ON,
    Await,
    Deny,
    Failed,
    Judged,
    Keep,
    Looked,
    Serve,
)

_FROM_STORE: Final = frozenset({Verdict.HIT, Verdict.STALE})
"""Those whose answer the origin neither made nor confirmed for this request: with an Age."""
_NO_NOTE: Final = CacheNote(Verdict.BYPASS, Forwarded.BYPASS)
_ERROR: Final = 500
"""From here on an answer tells of a passing trouble: it neither marks a key nor ends an entry."""
_AUTHORIZATION: Final = b"authorization"
_WITH_COOKIE: Final = b"\0cookie"
_NOTHING: Final[frozenset[bytes]] = frozenset()


@dataclass(slots=True)
class Reuse:
    """One exchange's dealings with the cache. Made by `keyed.reuse_of`."""

    cache: Cache
    policy: CachePolicy
    head: RequestHead
    key: bytes
    url: bytes
    asked: Asked | None
    """None where the request is no business of the cache."""
    search: Search | None = None
    """Its query, where No-Vary-Search is heeded."""
    note: CacheNote = _NO_NOTE
    stored: Entry | None = None
    """What may be confirmed, or stand in."""
    confirming: bool = False
    """Whether our validators are on the request to the upstream."""
    shared: bool = False
    """Whether the fetch is made so that others can use its answer."""
    flight: Flight | None = None
    """Which this exchange leads, or flies alone, so that a change meanwhile is told of."""
    awaited: Flight | None = None
    background: bool = False
    """Whether no client waits for it."""

    def find(self) -> Entry | Forwarded:
        """Return the stored answer that this request selects, or why there is none."""
        return self.cache.store.find(self.key, self.head.fields, self.search)

    def look_up(self, now: Instant, found: Entry | Forwarded | None = None) -> Looked:
        """Decide what to do, at first, and each time a flight that was awaited has landed.

        `found` is what `find` has just returned, where it was asked already.
        """
        if self.asked is None:
            return ASK
        found = self.find() if found is None else found
        stored = found if isinstance(found, Entry) else None
        missing = Forwarded.URI_MISS if isinstance(found, Entry) else found
        outcome = judge(stored, missing, self.asked, now)
        if isinstance(outcome, Hit):
            return self._hit(outcome)
        self.stored = stored
        if isinstance(outcome, NotCached):
            self.note = CacheNote(Verdict.MISS, detail=NOT_CACHED.reason)
            return Deny(NOT_CACHED)
        self.note = CacheNote(
            Verdict.MISS, outcome.why, collapsed=self.note.collapsed, detail=self.note.detail
        )
        return self._fetch(self.asked, now)

    def _hit(self, hit: Hit) -> Serve:
        collapsed = self.note.collapsed
        verdict = Verdict.HIT if hit.ttl > 0 else Verdict.STALE
        forwarded = self.note.forwarded if collapsed else None
        self.note = CacheNote(verdict, forwarded, ttl=hit.ttl, collapsed=collapsed)
        return Serve(hit.entry, hit.age, self._refresh() if hit.refresh else None)

    def _refresh(self) -> Flight | None:
        """Lead a fetch of a newer answer, for the background, unless there is one under way."""
        name = self._flight_name()
        flights = self.cache.flights
        return (
            None
            if flights.under_way(name) is not None
            else flights.lead(name, self.url, self._base)
        )

    def _fetch(self, asked: Asked, now: Instant) -> Looked:
        """Join whoever fetches it, or lead, or go alone."""
        self.confirming = not asked.head_only and confirmable(self.stored, self.url)
        whole = asked.range is None or self.confirming
        marked = self.cache.store.is_marked(self._mark_name(), now)
        self.shared = not asked.head_only and whole and not (marked and not self.confirming)
        flights = self.cache.flights
        if not self._may_be_led(asked, marked=marked):
            # Its answer may be stored all the same, unless what it is of is changed meanwhile.
            self.flight = flights.alone(self.url, self._base)
            return ASK
        name = self._flight_name()
        under_way = flights.under_way(name)
        if under_way is None:
            self.flight = flights.lead(name, self.url, self._base)
            return ASK
        under_way.waiting += 1
        self.awaited = under_way
        return Await(under_way)

    def _may_be_led(self, asked: Asked, *, marked: bool) -> bool:
        """Whether the answer to this request may be another's, and another's its own.

        Nobody waits twice for the same thing: who found what he waited for to be stale, or
        not to be stored, asks for himself.
        """
        wants = asked.directives
        alone = asked.authorized or wants.no_cache or wants.no_store or wants.max_age is not None
        again = self.note.collapsed and self.note.forwarded is not Forwarded.VARY_MISS
        return self.shared and not marked and not alone and not again

    def _flight_name(self) -> bytes:
        """Return what distinguishes a fetch: the key, and what is known to select within it."""
        key = self.cache.store.key_of(self.key, self.search)
        names = self.cache.store.vary_of(key)
        if not names:
            return key
        told = selecting_values(names, self.head.fields)
        return b"\0".join([key, *(b"\1" if one is None else b"\2" + one for one in told)])

    @property
    def _base(self) -> bytes:
        """Return the URL without its query, where an answer may be for other queries as well."""
        return b"" if self.search is None else self.search.base

    def landed(self, now: Instant) -> Looked:
        """Decide again, once the flight that was awaited has landed."""
        flight, self.awaited = self.awaited, None
        assert flight is not None
        if flight.landing is None:
            # It took too long: nobody waits for ever on another's account.
            self.note = self.note._replace(collapsed=True, detail="waited-too-long")
            flight.waiting -= 1
            return self.look_up(now)
        if flight.landing is Landing.LEFT:
            return self.look_up(now)
        self.note = self.note._replace(collapsed=True)
        if flight.landing is Landing.FAILED:
            if (stand_in := self._stand_in(flight.status, now)) is not None:
                return stand_in
            if flight.failure is not None:
                return Failed(flight.failure)
        return self.look_up(now)

    @property
    def drop(self) -> frozenset[bytes]:
        """Names of the client's fields that the upstream is not to see."""
        if self.confirming:
            return CONDITIONS | RANGES
        # What the client has is judged here, so that what is fetched serves others as well.
        return CONDITIONS if self.shared else _NOTHING

    @property
    def add(self) -> Fields:
        """Fields of ours that go to the upstream."""
        return validators(self.stored) if self.confirming and self.stored is not None else ()

    def answered(self, answered: Answered, now: Instant) -> Judged:
        """Judge the upstream's answer."""
        status = answered.head.status
        if self.asked is None:
            if is_unsafe(self.head.method):
                for url in invalidated(status, answered.shown.fields, self.url):
                    self.cache.purge_url(url)
            return PASS_ON
        if self.confirming and status == 304:
            return self._confirmed(self.asked, answered, now)
        if status in ERRORS and (stand_in := self._stand_in(status, now)) is not None:
            self._land(Landing.FAILED, status=status)
            return stand_in
        if self.asked.head_only:
            self._learn_from_head(answered)
            return PASS_ON
        return self._judge_new(self.asked, answered, now)

    def _judge_new(self, asked: Asked, answered: Answered, now: Instant) -> Judged:
        head, store = answered.head, self.cache.store
        reason = why_not_stored(self._request(asked), head, answered.answered_at, self.policy)
        if reason is None and self.flight is not None and self.flight.doomed:
            reason = Unstorable.OVERTAKEN
        if reason is not None:
            self.note = self.note._replace(detail=reason.value)
            if reason.lasting and asked.range is None and head.status < _ERROR:
                store.mark(self._mark_name(), now)
                if self.stored is not None and not self._has_unkeyed_cookie:
                    store.remove(self.stored.body)
            self._land(Landing.LEFT if reason is Unstorable.OVERTAKEN else Landing.UNCACHEABLE)
            return PASS_ON
        entry = make_entry(self._request(asked), answered, self.policy, store.new_body())
        self._put(entry, now)
        self.note = self.note._replace(stored=True, detail="")
        return Keep(entry)

    def _confirmed(self, asked: Asked, answered: Answered, now: Instant) -> Judged:
        store, stored = self.cache.store, self.stored
        assert stored is not None
        if store.get(stored.body) is None or not confirms(answered.head, stored):
            # The origin speaks of something else, or what it confirms was pushed out meanwhile.
            store.remove(stored.body)
            self.stored, self.confirming = None, False
            self.note = self.note._replace(detail="not-confirmed")
            return ASK
        entry, reason = confirmed(stored, self._request(asked), answered, self.policy)
        ttl = entry.lifetime.fresh - entry.age(now)
        self.note = self.note._replace(verdict=Verdict.REVALIDATED, upstream_status=304, ttl=ttl)
        if reason is None and (self.flight is None or not self.flight.doomed):
            self._put(entry, now)
            self.note = self.note._replace(stored=True)
            return Serve(entry, entry.age(now))
        store.remove(stored.body)
        self._land(Landing.UNCACHEABLE if reason else Landing.LEFT)
        self.note = self.note._replace(detail=(reason or Unstorable.OVERTAKEN).value)
        return Serve(entry, entry.age(now))

    def _put(self, entry: Entry, now: Instant) -> None:
        store = self.cache.store
        store.put(entry)
        terms = entry.lifetime
        if entry.no_cache or not (terms.fresh > entry.initial_age or terms.stale_while_revalidate):
            store.mark(self._mark_name(), now)  # each asks anew: nobody is to wait for another
        self._land(Landing.STORED)

    def _learn_from_head(self, answered: Answered) -> None:
        """Take in what a HEAD tells of what is stored (RFC 9111, 4.3.5)."""
        stored = self.stored
        if stored is None or answered.head.status != 200 or stored.url != self.url:
            return
        if agrees(answered.head, stored):
            entry, reason = confirmed(stored, self._request(PLAIN_GET), answered, self.policy)
            if reason is None and self.cache.store.get(stored.body) is not None:
                self.cache.store.put(entry)
        else:
            self.cache.store.remove(stored.body)

    def failed(self, kind: FailureKind, now: Instant) -> Serve | None:
        """Hear that there is no answer; return what stands in for it."""
        self._land(Landing.FAILED, failure=kind)
        return self._stand_in(None, now)

    def unreachable(self, now: Instant) -> Serve | None:
        """Hear that nobody may be called; return what stands in for an answer."""
        return self._stand_in(None, now)

    def noted(self, head: ResponseHead) -> ResponseHead:
        """Return the upstream's answer with what the cache did on it."""
        return replace(head, fields=head.fields + note_fields(self.note))

    def _stand_in(self, status: int | None, now: Instant) -> Serve | None:
        stored, asked = self.stored, self.asked
        if stored is None or asked is None or self.background:
            return None
        if self.cache.store.get(stored.body) is None or not may_stand_in(
            stored, asked, status, now
        ):
            return None
        age = stored.age(now)
        self.note = self.note._replace(
            verdict=Verdict.STALE,
            ttl=stored.lifetime.fresh - age,
            detail="stale-if-error",
            upstream_status=status,
        )
        return Serve(stored, age)

    def end(self) -> None:
        """Let go of whatever is still held. Twice is once."""
        self._land(Landing.LEFT)
        if self.awaited is not None:
            self.awaited.waiting -= 1
            self.awaited = None

    def answer(self, serve: Serve | Keep, now: Instant, more: Fields) -> Answer:
        """Return what the client is sent of an entry; `more` goes before what we tell of it."""
        assert self.asked is not None
        age = serve.age if isinstance(serve, Serve) else serve.entry.age(now)
        if age or self.note.verdict in _FROM_STORE:
            more = ((AGE, b"%d" % age), *more)
        note = self.note
        # What a plain hit says is made in one go: it is what most requests are meant to be.
        plain = note.verdict is Verdict.HIT and note.forwarded is None
        told = hit_fields(note.ttl) if plain and note.ttl is not None else note_fields(note)
        return answer(serve.entry, self.asked, more + told)

    def _land(
        self, landing: Landing, *, failure: FailureKind | None = None, status: int | None = None
    ) -> None:
        flight, self.flight = self.flight, None
        if flight is not None:
            flight.status = status
            self.cache.flights.land(flight, landing, failure)

    def _request(self, asked: Asked) -> Request:
        cookie = self._has_unkeyed_cookie
        return Request(self.key, self.url, asked, self.head.fields, cookie, self.search)

    def _mark_name(self) -> bytes:
        """Return under what a mark is set: what a cookie may have shaped marks cookies' requests."""
        return self.key + _WITH_COOKIE if self._has_unkeyed_cookie else self.key

    @property
    def _has_unkeyed_cookie(self) -> bool:
        return has_unkeyed_cookie(self.policy, self.head.fields)
