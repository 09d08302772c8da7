"""RFC 9111, 4.2: how long an answer may be used, and how old it is when it comes."""

import pytest

from gateway_core.caching.directives import DELTA_MAX
from gateway_core.caching.entry import Lifetime
from gateway_core.caching.policy import UNREACHABLE_SECONDS, CachePolicy

DATE = b"Sat, 28 Nov 2026 09:00:00 GMT"
AT = 1_795_856_400
"""What DATE says, in seconds."""
MINUTE_LATER = b"Sat, 28 Nov 2026 09:01:00 GMT"
MINUTE_BEFORE = b"Sat, 28 Nov 2026 08:59:00 GMT"
DAY_BEFORE = b"Fri, 27 Nov 2026 09:00:00 GMT"
YEARS_BEFORE = b"Wed, 01 Jan 2020 00:00:00 GMT"

Line = tuple[str, bytes]


def of(**lines: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.replace("_", "-").encode(), told) for name, told in lines.items())


SILENT = CachePolicy()
TTL = CachePolicy(ttl=30)
FORCED = CachePolicy(ttl=30, force=True)
WINDOWS = CachePolicy(ttl=30, stale_while_revalidate=5, stale_if_error=7)
FRESH = {"stale_if_unreachable": UNREACHABLE_SECONDS}

EXPLICIT = [
    pytest.param(of(), None, id="4.2.1 silence"),
    pytest.param(of(cache_control=b"max-age=60"), 60, id="4.2.1 max-age"),
    pytest.param(of(cache_control=b"s-maxage=9, max-age=60"), 9, id="4.2.1 s-maxage wins, shorter"),
    pytest.param(of(cache_control=b"s-maxage=60, max-age=9"), 60, id="4.2.1 s-maxage wins, longer"),
    pytest.param(of(date=DATE, expires=MINUTE_LATER), 60, id="4.2.1 Expires minus Date"),
    pytest.param(of(date=DATE, expires=DATE), 0, id="4.2.1 Expires now"),
    pytest.param(of(date=DATE, expires=MINUTE_BEFORE), 0, id="4.2.1 Expires in the past"),
    pytest.param(of(expires=MINUTE_LATER), 60, id="4.2.1 without Date, when it came"),
    pytest.param(of(date=b"foo", expires=MINUTE_LATER), 60, id="4.2.1 a broken Date likewise"),
    pytest.param(of(date=DATE, expires=b"0"), 0, id="5.3 Expires that is no date is past"),
    pytest.param(
        (*of(date=DATE, expires=MINUTE_LATER), (b"expires", DATE)), 0, id="4.2.1 the earlier of two"
    ),
    pytest.param(
        of(expires=b"Thu, 18 Aug 2950 02:01:18 GMT"), DELTA_MAX, id="1.2.2 Expires too far ahead"
    ),
    pytest.param(
        of(cache_control=b"max-age=60", expires=b"0"), 60, id="5.3 max-age before Expires"
    ),
    pytest.param(of(cache_control=b"max-age=0", expires=MINUTE_LATER), 0, id="5.3 also if shorter"),
    pytest.param(
        of(cdn_cache_control=b"max-age=60", cache_control=b"max-age=1"), 60, id="9213 2.2 targeted"
    ),
    pytest.param(
        of(cdn_cache_control=b"foo", expires=MINUTE_LATER), None, id="9213 2.2 no Expires"
    ),
]

LIFETIMES = [
    pytest.param(200, of(), SILENT, Lifetime(0, **FRESH), id="nobody says anything"),
    pytest.param(200, of(), TTL, Lifetime(30, **FRESH), id="the route's ttl for silence"),
    pytest.param(500, of(), TTL, Lifetime(0, **FRESH), id="not for errors"),
    pytest.param(405, of(), TTL, Lifetime(0, **FRESH), id="not for a passing state"),
    pytest.param(200, of(cache_control=b"max-age=0"), TTL, Lifetime(0, **FRESH), id="origin wins"),
    pytest.param(200, of(cache_control=b"max-age=0"), FORCED, Lifetime(30, **FRESH), id="forced"),
    pytest.param(500, of(), FORCED, Lifetime(30, **FRESH), id="forced for errors, too"),
    pytest.param(
        200,
        of(date=DATE, last_modified=DAY_BEFORE),
        SILENT,
        Lifetime(8640, heuristic=True, **FRESH),
        id="4.2.2 a tenth",
    ),
    pytest.param(
        200,
        of(date=DATE, last_modified=YEARS_BEFORE),
        SILENT,
        Lifetime(86_400, heuristic=True, **FRESH),
        id="4.2.2 a day at most",
    ),
    pytest.param(
        200,
        of(date=DATE, last_modified=MINUTE_LATER),
        SILENT,
        Lifetime(0, heuristic=True, **FRESH),
        id="4.2.2 modified in the future",
    ),
    pytest.param(
        200, of(date=DATE, last_modified=b"?"), SILENT, Lifetime(0, **FRESH), id="4.2.2 no date"
    ),
    pytest.param(
        201,
        of(date=DATE, last_modified=DAY_BEFORE),
        SILENT,
        Lifetime(0, **FRESH),
        id="4.2.2 a status that does not allow it",
    ),
    pytest.param(
        599,
        of(date=DATE, last_modified=DAY_BEFORE, cache_control=b"public"),
        SILENT,
        Lifetime(8640, heuristic=True, **FRESH),
        id="5.2.2.9 public allows it",
    ),
    pytest.param(
        200,
        of(cache_control=b"max-age=9, stale-while-revalidate=2, stale-if-error=3"),
        WINDOWS,
        Lifetime(9, 2, 3, 3),
        id="5861 the origin's windows win",
    ),
    pytest.param(200, of(), WINDOWS, Lifetime(30, 5, 7, 7), id="5861 the route's windows"),
    pytest.param(
        200,
        of(cache_control=b"max-age=9, must-revalidate, stale-if-error=3"),
        WINDOWS,
        Lifetime(9, never_stale=True),
        id="5.2.2.2 must-revalidate forbids all of them",
    ),
    pytest.param(
        200,
        of(cache_control=b"s-maxage=9"),
        WINDOWS,
        Lifetime(9, never_stale=True),
        id="5.2.2.10 s-maxage, too",
    ),
    pytest.param(
        200,
        of(cache_control=b"max-age=9, no-cache"),
        WINDOWS,
        Lifetime(9, never_stale=True),
        id="5.2.2.4 no-cache, too",
    ),
    pytest.param(
        200,
        of(cache_control=b"max-age=9"),
        CachePolicy(stale_if_error=0),
        Lifetime(9),
        id="4.2.4 the operator forbids it",
    ),
]

AGES = [
    pytest.param(of(), AT, AT, 0, id="4.2.3 nothing said, no delay"),
    pytest.param(of(date=DATE), AT, AT + 60, 60, id="4.2.3 apparent_age"),
    pytest.param(of(date=MINUTE_LATER), AT, AT, 0, id="4.2.3 never below 0"),
    pytest.param(of(age=b"100"), AT, AT, 100, id="4.2.3 age_value"),
    pytest.param(of(age=b"100"), AT, AT + 5, 105, id="4.2.3 and the response_delay"),
    pytest.param(of(age=b"100", date=DATE), AT, AT + 200, 300, id="4.2.3 the greater: corrected"),
    pytest.param(of(age=b"1", date=MINUTE_BEFORE), AT, AT, 60, id="4.2.3 the greater: apparent"),
    pytest.param(of(date=b"foo"), AT, AT, 0, id="4.2.3 a Date that is none"),
    pytest.param(of(age=b"abc"), AT, AT, 0, id="5.1 no number"),
    pytest.param(of(age=b"-7200"), AT, AT, 0, id="5.1 negative"),
    pytest.param(of(age=b"7200.0"), AT, AT, 0, id="5.1 a decimal"),
    pytest.param(of(age=b"2147483649"), AT, AT, DELTA_MAX, id="1.2.2 too much"),
    pytest.param(of(age=b"9" * 4000), AT, AT, DELTA_MAX, id="1.2.2 far too much"),
    pytest.param(of(age=b"7200, 0"), AT, AT, 7200, id="5.1 the first of a list"),
    pytest.param(of(age=b"0, 7200"), AT, AT, 0, id="5.1 the first of a list, young"),
    pytest.param((*of(age=b"7200"), (b"age", b"0")), AT, AT, 7200, id="5.1 the first line"),
    pytest.param(of(), AT + 5, AT, 0, id="a clock that was set back"),
]
