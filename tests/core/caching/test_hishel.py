"""Another reading of RFC 9111: hishel, whose decisions are ours, or differ for a reason that has a name.

Requests, answers and time are generated; both caches are asked whether they store the answer,
and whether, so much later, it answers a second request. Where they disagree, a `Difference`
must claim the case, and cite the section by which we do otherwise. Each has a witness, so that
none is kept that explains nothing: once hishel changes its mind, the witness fails.

hishel reads the clock of the machine. So time does not pass here; what is stored is as much
older. Should the second turn meanwhile, both are asked again.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hishel import Entry as TheirEntry
from hishel import Headers
from hishel import Request as TheirRequest
from hishel import Response as TheirResponse
from hishel._core._spec import (
    CacheMiss,
    FromCache,
    IdleClient,
    InvalidateEntries,
    NeedRevalidation,
    NeedToBeUpdated,
    StoreAndUse,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_core.caching.asking import Asked, what_is_asked
from gateway_core.caching.dates import format_date, parse_date
from gateway_core.caching.entry import BodyId, Entry
from gateway_core.caching.invalidating import invalidated
from gateway_core.caching.policy import CachePolicy
from gateway_core.caching.reuse import Hit, judge
from gateway_core.caching.status import Forwarded
from gateway_core.caching.storing import Answered, Request, make_entry, why_not_stored
from gateway_core.caching.validating import confirms, validators
from gateway_core.caching.varying import selecting_values
from gateway_core.clock import SECOND, Instant, UnixTime
from gateway_core.message import Fields, RequestHead, ResponseHead, value, values
from tests.core.caching.entries import entry

URL = "http://a/p"
OPTIONS = {"shared": True, "supported_methods": ["GET", "HEAD"], "allow_stale": False}
POLICY = CachePolicy(store_cookies=True)
"""What a route says that decides nothing by itself, as hishel does not."""


@dataclass(frozen=True)
class Case:
    """An answer, who asked for it, and who asks `later` seconds after it came."""

    said: Fields = ()
    """The answer's fields, but for its dates."""
    status: int = 200
    asked: Fields = ()
    again: Fields = ()
    method: str = "GET"
    """Of the second request."""
    later: int = 0
    dated: int | None = 0
    """Seconds from when it came to Date; None for no Date."""
    expires: int | None = None
    """Seconds from when it came."""
    modified: int | None = None
    """Likewise."""

    def answer(self, now: int) -> Fields:
        came = now - self.later
        dates = {b"date": self.dated, b"expires": self.expires, b"last-modified": self.modified}
        lines = [
            (name, format_date(UnixTime(came + since)))
            for name, since in dates.items()
            if since is not None
        ]
        return (*self.said, *lines)

    def has(self, name: bytes, word: bytes = b"") -> bool:
        return any(word in told.lower() for told in values(self.said, name))

    @property
    def wholly_private(self) -> bool:
        told = b",".join(values(self.said, b"cache-control")).lower()
        return b"private" in [member.strip() for member in told.split(b",")]

    @property
    def explicit(self) -> bool:
        return self.expires is not None or self.has(b"cache-control", b"max")


@dataclass(frozen=True)
class Decision:
    """What became of a case."""

    stored: bool
    reused: bool = False
    age: int | None = None
    """Of what is reused."""
    conditions: Fields = ()
    """What the origin is asked by, where a stored answer is confirmed."""


NOT_STORED = Decision(stored=False)


def ours(case: Case, now: int) -> Decision:
    came, head = UnixTime(now - case.later), ResponseHead(case.status, case.answer(now), 1)
    asked = what_is_asked(RequestHead("GET", b"/p", b"a", case.asked))
    assert isinstance(asked, Asked)
    request = Request(b"key", URL.encode(), asked, case.asked)
    if why_not_stored(request, head, came, POLICY) is not None:
        return NOT_STORED
    stored = make_entry(request, Answered(head, head, came, came, Instant(0)), POLICY, BodyId(1))
    again = what_is_asked(RequestHead(case.method, b"/p", b"a", case.again))
    assert isinstance(again, Asked)
    selected = selecting_values(stored.vary, case.again) == stored.selecting
    outcome = judge(
        stored if selected else None, Forwarded.VARY_MISS, again, Instant(case.later * SECOND)
    )
    if isinstance(outcome, Hit):
        return Decision(stored=True, reused=True, age=outcome.age)
    found = getattr(outcome, "stored", None)
    return Decision(stored=True, conditions=() if found is None else validators(found))


def headers(fields: Fields) -> Headers:
    names = {name: [told.decode("latin-1") for told in values(fields, name)] for name, _ in fields}
    return Headers({name.decode(): told for name, told in names.items()})


def theirs(case: Case, now: int) -> Decision:
    request = TheirRequest("GET", URL, headers(case.asked))
    response = TheirResponse(case.status, headers(case.answer(now)))
    state = CacheMiss(options=OPTIONS, request=request).next(response)
    if not isinstance(state, StoreAndUse):
        return NOT_STORED
    stored = TheirEntry(uuid.UUID(int=1), request, state.response)
    asking = TheirRequest(case.method, URL, headers(case.again))
    outcome = IdleClient(OPTIONS).next(asking, [stored])
    if isinstance(outcome, FromCache):
        return Decision(stored=True, reused=True, age=int(outcome.entry.response.headers["age"]))
    conditions: list[tuple[bytes, bytes]] = []
    if isinstance(outcome, NeedRevalidation):
        for name in ("if-none-match", "if-modified-since"):
            if name in outcome.request.headers:
                conditions.append((name.encode(), outcome.request.headers[name].encode("latin-1")))
    return Decision(stored=True, conditions=tuple(conditions))


def both(case: Case) -> tuple[Decision, Decision]:
    while True:
        now = int(time.time())
        decisions = ours(case, now), theirs(case, now)
        if int(time.time()) == now:
            return decisions


@dataclass(frozen=True)
class Difference:
    """Where we do otherwise, and by which section."""

    name: str
    section: str
    applies: Callable[[Case], bool]
    we: Callable[[Decision, Decision], bool]
    """What is true of our decision beside theirs wherever this is why they differ."""
    witness: Case


def stores(we: Decision, they: Decision) -> bool:
    return we.stored and not they.stored


def does_not_store(we: Decision, they: Decision) -> bool:
    return they.stored and not we.stored


def asks(we: Decision, they: Decision) -> bool:
    """We ask the origin, where they use what is stored."""
    return we.stored and they.reused and not we.reused


def uses(we: Decision, they: Decision) -> bool:
    return they.stored and we.reused and not they.reused


def is_older(we: Decision, they: Decision) -> bool:
    """What is stored is older to us: it may still be fresh, or not."""
    if we.reused and they.reused:
        return we.age is not None and they.age is not None and we.age > they.age
    return asks(we, they)


def either(*ways: Callable[[Decision, Decision], bool]) -> Callable[[Decision, Decision], bool]:
    return lambda we, they: any(way(we, they) for way in ways)


def confirms_by_less(we: Decision, they: Decision) -> bool:
    return not (we.reused or they.reused) and set(we.conditions) < set(they.conditions)


def cc(told: bytes) -> Fields:
    return ((b"cache-control", told),)


def wants(*words: bytes) -> Callable[[Case], bool]:
    return lambda case: any(
        word in told for told in values(case.again, b"cache-control") for word in words
    )


FRESH = cc(b"max-age=60")
DIFFERENCES = [
    Difference(
        "the client forbids to store", "9111, 5.2.1.5",
        lambda case: (b"cache-control", b"no-store") in case.asked, does_not_store,
        Case(FRESH, asked=cc(b"no-store")),
    ),
    Difference(
        "private, and private of a field: the stricter", "9111, 5.2.2.7 and 4.2.1",
        lambda case: case.has(b"cache-control", b'private="x"') and case.wholly_private,
        does_not_store,
        Case(cc(b'max-age=60, private, private="x"')),
    ),
    Difference(
        "neither fresh nor verifiable: of no use", "9111, 3 (what may be stored need not be)",
        lambda case: not case.has(b"etag") and case.modified is None, does_not_store,
        Case(),
    ),
    Difference(
        "Vary: * matches nothing", "9111, 4.1",
        lambda case: case.has(b"vary", b"*"), does_not_store,
        Case((*FRESH, (b"vary", b"*"))),
    ),
    Difference(
        "must-understand goes before no-store", "9111, 5.2.2.3",
        lambda case: case.has(b"cache-control", b"must-understand"),
        either(stores, does_not_store),
        Case(cc(b"max-age=60, must-understand, no-store")),
    ),
    Difference(
        "CDN-Cache-Control is for us", "9213, 2.2",
        lambda case: case.has(b"cdn-cache-control"),
        either(stores, does_not_store, asks, uses),
        Case(((b"cdn-cache-control", b"max-age=60"), *cc(b"no-store"))),
    ),
    Difference(
        "of two lifetimes the shorter, and what is no number is none", "9111, 4.2.1",
        lambda case: case.has(b"cache-control", b"max-age=x")
        or sum(told.count(b"max-age=") for told in values(case.said, b"cache-control")) > 1,
        either(asks, does_not_store, stores, uses),
        Case((*cc(b"max-age=x"), (b"etag", b'"a"')), expires=60),
    ),
    Difference(
        "the Age that it came with counts", "9111, 4.2.3",
        lambda case: case.has(b"age"), is_older,
        Case((*FRESH, (b"age", b"100"))),
    ),
    Difference(
        "it ages from when it came, also where Date is missing or ahead of our clock",
        "9111, 4.2.3",
        lambda case: case.dated is None or case.dated > 0,
        either(is_older, uses),
        Case(FRESH, dated=None, later=30),
    ),
    Difference(
        "what is guessed stays as it was guessed, a day at most, for some statuses", "9111, 4.2.2",
        lambda case: not case.explicit and case.modified is not None,
        either(asks, uses),
        Case(modified=-1000, later=105),
    ),
    Difference(
        "the client bounds the age", "9111, 5.2.1.1 and 5.2.1.3",
        wants(b"max-age", b"min-fresh"), asks,
        Case(FRESH, again=cc(b"max-age=5"), later=9),
    ),
    Difference(
        "the client takes what is stale", "9111, 5.2.1.2",
        wants(b"max-stale"), uses,
        Case(FRESH, again=cc(b"max-stale=50"), later=90),
    ),
    Difference(
        "stale while it is asked for anew", "5861, 3",
        lambda case: case.has(b"cache-control", b"stale-while-revalidate"), uses,
        Case(cc(b"max-age=60, stale-while-revalidate=60"), later=90),
    ),
    Difference(
        "HEAD is answered from GET", "9110, 9.3.2; 9111, 4",
        lambda case: case.method == "HEAD", uses,
        Case(FRESH, method="HEAD"),
    ),
    Difference(
        "a part is answered from the whole", "9110, 14.2; 9111, 3.3",
        lambda case: value(case.again, b"range") is not None, uses,
        Case(FRESH, again=((b"range", b"bytes=0-1"),)),
    ),
    Difference(
        "Vary is compared by what it means", "9111, 4.1",
        lambda case: case.has(b"vary", b"accept-language"), uses,
        Case(
            (*FRESH, (b"vary", b"Accept-Language")),
            asked=((b"accept-language", b"en, de"),), again=((b"accept-language", b"de,en"),),
        ),
    ),
    Difference(
        "what others selected is not confirmed for this one", "9111, 4.1 and 4.3.1 (need not be)",
        lambda case: case.has(b"vary"), confirms_by_less,
        Case((*FRESH, (b"vary", b"accept-language"), (b"etag", b'"a"')),
             asked=((b"accept-language", b"en"),)),
    ),
    Difference(
        "what is not ours to send whole is not confirmed by HEAD", "9111, 4.3.1 (need not be)",
        lambda case: case.method == "HEAD" or value(case.again, b"range") is not None,
        lambda we, they: not (we.reused or they.reused) and we.conditions != they.conditions,
        Case((*cc(b"no-cache"), (b"etag", b'"a"')), method="HEAD"),
    ),
]  # fmt: skip


def explained(case: Case, we: Decision, they: Decision) -> list[str]:
    return [d.name for d in DIFFERENCES if d.applies(case) and d.we(we, they)]


SAID = st.lists(
    st.sampled_from(
        [
            b"max-age=60", b"max-age=0", b"max-age=x", b"s-maxage=30", b"s-maxage=0", b"no-cache",
            b"no-store", b"private", b"public", b"must-revalidate", b"must-understand",
            b"proxy-revalidate", b"immutable", b"stale-while-revalidate=20", b'private="x"',
            b'no-cache="x"', b"stale-if-error=60", b"unknown=1",
        ]
    ),
    max_size=3,
).map(lambda told: cc(b", ".join(told)) if told else ())  # fmt: skip
MORE = st.lists(
    st.sampled_from(
        [
            (b"etag", b'"a"'), (b"etag", b'W/"a"'), (b"age", b"20"), (b"vary", b"accept-language"),
            (b"vary", b"*"), (b"vary", b"foo"), (b"pragma", b"no-cache"), (b"set-cookie", b"a=1"),
            (b"cdn-cache-control", b"max-age=10"), (b"x", b"1"),
        ]
    ),
    max_size=3, unique_by=lambda line: line[0],
).map(tuple)  # fmt: skip
LANGUAGES = st.sampled_from([(), ((b"accept-language", b"en, de"),), ((b"accept-language", b"de,en"),),
                             ((b"accept-language", b"fr"),), ((b"foo", b"1"),)])  # fmt: skip
CASES = st.builds(
    Case,
    said=st.tuples(SAID, MORE).map(lambda parts: (*parts[0], *parts[1])),
    status=st.sampled_from([200, 200, 200, 203, 204, 206, 301, 302, 304, 307, 404, 410, 500, 503]),
    asked=st.tuples(
        st.sampled_from([(), (), ((b"authorization", b"Basic x"),), cc(b"no-store"), cc(b"no-cache")]),
        LANGUAGES,
    ).map(lambda parts: (*parts[0], *parts[1])),
    again=st.tuples(
        st.sampled_from(
            [(), (), (), cc(b"no-cache"), cc(b"max-age=5"), cc(b"min-fresh=20"), cc(b"max-stale=50"),
             ((b"range", b"bytes=0-1"),), ((b"pragma", b"no-cache"),)]
        ),
        LANGUAGES,
    ).map(lambda parts: (*parts[0], *parts[1])),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD"]),
    later=st.integers(0, 150),
    dated=st.sampled_from([0, 0, 0, -7, 40, None]),
    expires=st.sampled_from([None, None, -5, 0, 50, 10_000_000]),
    modified=st.sampled_from([None, None, -1, -1000, -100_000_000]),
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(CASES)
def test_two_caches_decide_alike_or_differ_for_a_named_reason(case: Case) -> None:
    we, they = both(case)
    assert we == they or explained(case, we, they), (we, they)


@pytest.mark.parametrize(
    "difference", [pytest.param(d, id=f"{d.section}: {d.name}") for d in DIFFERENCES]
)
def test_each_difference_has_a_witness(difference: Difference) -> None:
    case = difference.witness
    we, they = both(case)
    assert we != they
    assert difference.name in explained(case, we, they), (we, they)


@dataclass(frozen=True)
class Confirmation:
    """A stored answer's validators, and a 304's."""

    etag: bytes | None
    modified: bytes | None
    told_etag: bytes | None
    told_modified: bytes | None


DATE, OTHER = b"Sat, 28 Nov 2026 09:00:00 GMT", b"Sat, 28 Nov 2026 10:00:00 GMT"
TAGS = st.sampled_from([None, b'"a"', b'"b"', b'W/"a"', b'W/"b"'])
DATES = st.sampled_from([None, DATE, OTHER])


def we_take(case: Confirmation) -> bool:
    modified = None if case.modified is None else parse_date(case.modified, UnixTime(0))
    stored: Entry = entry(etag=case.etag, last_modified=case.modified, modified=modified)
    return confirms(ResponseHead(304, _lines(case.told_etag, case.told_modified), 0), stored)


def they_take(case: Confirmation) -> bool:
    request = TheirRequest("GET", URL)
    response = TheirResponse(200, headers(_lines(case.etag, case.modified)))
    stored = TheirEntry(uuid.UUID(int=1), request, response)
    state = NeedRevalidation(
        options=OPTIONS, request=request, original_request=request, revalidating_entries=[stored]
    ).next(TheirResponse(304, headers(_lines(case.told_etag, case.told_modified))))
    return isinstance(state, NeedToBeUpdated)


def _lines(etag: bytes | None, modified: bytes | None) -> Fields:
    told = {b"etag": etag, b"last-modified": modified}
    return tuple((name, text) for name, text in told.items() if text is not None)


CONFIRMATIONS = [
    (
        "a weak tag must be alike, too (9111, 4.3.4)",
        lambda case: (case.told_etag or b"").startswith(b"W/") and not we_take(case),
        Confirmation(b'"a"', None, b'W/"b"', None),
    ),
    (
        "a tag that is alike goes before a date (9111, 4.3.4)",
        lambda case: (case.told_etag or b"").startswith(b"W/") and we_take(case),
        Confirmation(b'W/"a"', DATE, b'W/"a"', OTHER),
    ),
    (
        "what has no validator cannot have been asked about (9111, 4.3.1)",
        lambda case: case.etag is None and case.modified is None,
        Confirmation(None, None, None, None),
    ),
    (
        "a date that is new contradicts nothing where none was stored (9111, 4.3.4)",
        lambda case: case.modified is None and case.told_etag is None,
        Confirmation(b'"a"', None, None, DATE),
    ),
]


@given(st.builds(Confirmation, TAGS, DATES, TAGS, DATES))
def test_two_caches_take_a_304_alike_or_differ_for_a_named_reason(case: Confirmation) -> None:
    if we_take(case) != they_take(case):
        assert [name for name, applies, _ in CONFIRMATIONS if applies(case)]


@pytest.mark.parametrize(
    ("applies", "witness"), [pytest.param(a, w, id=name) for name, a, w in CONFIRMATIONS]
)
def test_each_difference_about_a_304_has_a_witness(
    applies: Callable[[Confirmation], bool], witness: Confirmation
) -> None:
    assert we_take(witness) != they_take(witness)
    assert applies(witness)


@pytest.mark.parametrize("status", [200, 201, 204, 302, 303, 400, 404, 409, 500, 503])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "UNKNOWN"])
def test_two_caches_take_the_same_changes_for_changes(method: str, status: int) -> None:
    """RFC 9111, 4.4."""
    stored = TheirEntry(uuid.UUID(int=1), TheirRequest("GET", URL), TheirResponse(200))
    state = IdleClient(OPTIONS).next(TheirRequest(method, URL), [stored])
    assert isinstance(state, CacheMiss)
    theirs_go = isinstance(state.next(TheirResponse(status)), InvalidateEntries)
    assert bool(invalidated(status, (), URL.encode())) is theirs_go


def test_a_case_can_be_told_apart_from_its_twin() -> None:
    """The oracle is asked what we are: a change of any part of a witness is a change of the case."""
    assert replace(Case(FRESH), later=61) != Case(FRESH)
    assert both(Case(FRESH, later=59)) == (Decision(True, True, 59),) * 2
    assert both(Case(FRESH, later=60)) == (Decision(True),) * 2
