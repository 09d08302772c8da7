"""Whether a stored answer may answer: RFC 9111, 4 and 5.2.1; RFC 5861."""

import pytest

from gateway_core.caching.asking import PLAIN_GET, Asked
from gateway_core.caching.directives import RequestDirectives
from gateway_core.caching.entry import Entry, Lifetime
from gateway_core.caching.reuse import Forward, Hit, NotCached, Outcome, judge, may_stand_in
from gateway_core.caching.status import Forwarded
from gateway_core.clock import SECOND, Instant
from tests.core.caching.entries import entry

SWR = Lifetime(60, stale_while_revalidate=10)
NEVER_STALE = Lifetime(60, never_stale=True)


def wants(**said: object) -> Asked:
    return Asked(directives=RequestDirectives(**said))  # type: ignore[arg-type]


def after(seconds: float) -> Instant:
    return Instant(round(seconds * SECOND))


FRESH = entry()
CASES = [
    pytest.param(FRESH, PLAIN_GET, 0, Hit(FRESH, 0, 60), id="4.2 fresh"),
    pytest.param(FRESH, PLAIN_GET, 59.9, Hit(FRESH, 59, 1), id="4.2 for one more second"),
    pytest.param(FRESH, PLAIN_GET, 60, Forward(Forwarded.STALE, FRESH), id="4.2 stale"),
    pytest.param(FRESH, wants(no_cache=True), 0, Forward(Forwarded.REQUEST, FRESH), id="5.2.1.4"),
    pytest.param(FRESH, wants(max_age=5), 5, Hit(FRESH, 5, 55), id="5.2.1.1 young enough"),
    pytest.param(
        FRESH, wants(max_age=5), 6, Forward(Forwarded.REQUEST, FRESH), id="5.2.1.1 too old"
    ),
    pytest.param(FRESH, wants(min_fresh=9), 51, Hit(FRESH, 51, 9), id="5.2.1.3 fresh enough"),
    pytest.param(
        FRESH, wants(min_fresh=9), 52, Forward(Forwarded.REQUEST, FRESH), id="5.2.1.3 not enough"
    ),
    pytest.param(FRESH, wants(max_stale=9), 68, Hit(FRESH, 68, -8), id="5.2.1.2 stale, allowed"),
    pytest.param(
        FRESH, wants(max_stale=9), 69, Forward(Forwarded.STALE, FRESH), id="5.2.1.2 too stale"
    ),
    pytest.param(
        FRESH,
        wants(max_stale=9, min_fresh=1),
        65,
        Forward(Forwarded.STALE, FRESH),
        id="5.2.1.3 the stricter of two wishes",
    ),
    pytest.param(FRESH, wants(only_if_cached=True), 0, Hit(FRESH, 0, 60), id="5.2.1.7 cached"),
    pytest.param(FRESH, wants(only_if_cached=True), 60, NotCached(), id="5.2.1.7 stale"),
    pytest.param(
        entry(no_cache=True),
        PLAIN_GET,
        0,
        Forward(Forwarded.STALE, entry(no_cache=True)),
        id="5.2.2.4 to be confirmed each time",
    ),
    pytest.param(
        entry(lifetime=SWR),
        PLAIN_GET,
        69,
        Hit(entry(lifetime=SWR), 69, -9, refresh=True),
        id="5861 3 within its window",
    ),
    pytest.param(
        entry(lifetime=SWR),
        PLAIN_GET,
        70,
        Forward(Forwarded.STALE, entry(lifetime=SWR)),
        id="5861 3 at its end",
    ),
    pytest.param(
        entry(lifetime=NEVER_STALE),
        wants(max_stale=999),
        60,
        Forward(Forwarded.STALE, entry(lifetime=NEVER_STALE)),
        id="5.2.2.2 the origin forbids what the client allows",
    ),
    pytest.param(
        entry(initial_age=60),
        PLAIN_GET,
        0,
        Forward(Forwarded.STALE, entry(initial_age=60)),
        id="4.2.3 old when it came",
    ),
]


@pytest.mark.parametrize(("stored", "asked", "seconds", "outcome"), CASES)
def test_what_is_stored_answers_or_not(
    stored: Entry, asked: Asked, seconds: float, outcome: Outcome
) -> None:
    assert judge(stored, Forwarded.URI_MISS, asked, after(seconds)) == outcome


def test_where_nothing_is_stored_the_origin_is_asked() -> None:
    missing = judge(None, Forwarded.VARY_MISS, PLAIN_GET, after(0))
    assert missing == Forward(Forwarded.VARY_MISS)


def test_unless_the_client_wants_none_of_it() -> None:
    assert judge(None, Forwarded.URI_MISS, wants(only_if_cached=True), after(0)) == NotCached()


ON_ERROR = Lifetime(60, stale_if_error=10, stale_if_unreachable=20)


@pytest.mark.parametrize(
    ("stored", "asked", "status", "seconds", "may"),
    [
        pytest.param(entry(lifetime=ON_ERROR), PLAIN_GET, 503, 69, True, id="5861 4 an error"),
        pytest.param(entry(lifetime=ON_ERROR), PLAIN_GET, 503, 70, False, id="5861 4 too late"),
        pytest.param(
            entry(lifetime=ON_ERROR), PLAIN_GET, 501, 61, False, id="5861 4 no such error"
        ),
        pytest.param(entry(lifetime=ON_ERROR), PLAIN_GET, None, 79, True, id="4.2.4 disconnected"),
        pytest.param(entry(lifetime=ON_ERROR), PLAIN_GET, None, 80, False, id="4.2.4 too late"),
        pytest.param(entry(lifetime=NEVER_STALE), PLAIN_GET, None, 61, False, id="4.2.4 forbidden"),
        pytest.param(
            entry(lifetime=ON_ERROR, no_cache=True), PLAIN_GET, None, 61, False, id="4.2.4 no-cache"
        ),
        pytest.param(
            entry(lifetime=ON_ERROR), wants(no_cache=True), None, 61, False, id="5.2.1.4 the client"
        ),
    ],
)
def test_who_stands_in_for_an_origin_that_failed(
    stored: Entry, asked: Asked, status: int | None, seconds: float, may: bool
) -> None:
    assert may_stand_in(stored, asked, status, after(seconds)) is may
