"""RFC 9111, 3: what may be stored, and why not."""

import pytest

from gateway_core.caching.asking import Asked
from gateway_core.caching.directives import RequestDirectives
from gateway_core.caching.policy import CachePolicy
from gateway_core.caching.storing import Unstorable
from tests.core.caching.cases.freshness import DATE, DAY_BEFORE, MINUTE_BEFORE, MINUTE_LATER, of

PLAIN = Asked()
AUTHORIZED = Asked(authorized=True)
A_MINUTE = of(cache_control=b"max-age=60")
COOKIE = (*A_MINUTE, (b"set-cookie", b"a=b"))
SILENT, TTL = CachePolicy(), CachePolicy(ttl=30)

STORING = [
    pytest.param(PLAIN, 200, A_MINUTE, SILENT, None, id="3 an explicit lifetime"),
    pytest.param(PLAIN, 200, of(), SILENT, Unstorable.USELESS, id="3 nothing said"),
    pytest.param(PLAIN, 200, of(), TTL, None, id="the route's ttl"),
    pytest.param(PLAIN, 500, of(), TTL, Unstorable.USELESS, id="no ttl for errors"),
    pytest.param(PLAIN, 500, A_MINUTE, TTL, None, id="3 an error with a lifetime"),
    pytest.param(PLAIN, 599, A_MINUTE, SILENT, None, id="3 any final status"),
    pytest.param(PLAIN, 103, A_MINUTE, SILENT, Unstorable.STATUS, id="3 no interim answer"),
    pytest.param(PLAIN, 304, A_MINUTE, SILENT, Unstorable.STATUS, id="3.2 no 304"),
    pytest.param(PLAIN, 206, A_MINUTE, SILENT, Unstorable.PARTIAL, id="3.3 no part"),
    pytest.param(
        Asked(range=b"bytes=0-1"), 200, A_MINUTE, SILENT, None, id="14.2 the whole instead"
    ),
    pytest.param(
        Asked(range=b"bytes=9-"), 416, A_MINUTE, SILENT, Unstorable.PARTIAL, id="15.5.17 no 416"
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"max-age=60, no-store"),
        TTL,
        Unstorable.NO_STORE,
        id="5.2.2.5",
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"max-age=60, no-store"),
        CachePolicy(ttl=9, force=True),
        Unstorable.NO_STORE,
        id="5.2.2.5 whatever is forced",
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"max-age=60, no-store, must-understand"),
        SILENT,
        None,
        id="5.2.2.3 understood",
    ),
    pytest.param(
        PLAIN,
        599,
        of(cache_control=b"max-age=60, must-understand"),
        SILENT,
        Unstorable.NOT_UNDERSTOOD,
        id="5.2.2.3 not understood",
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"no-store", cdn_cache_control=b"max-age=60"),
        SILENT,
        None,
        id="9213 the targeted field decides",
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"max-age=60", cdn_cache_control=b"private"),
        SILENT,
        Unstorable.PRIVATE,
        id="9213 the other way as well",
    ),
    pytest.param(
        PLAIN, 200, of(cache_control=b"max-age=60, private"), TTL, Unstorable.PRIVATE, id="5.2.2.7"
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b'max-age=60, private="x"'),
        SILENT,
        None,
        id="5.2.2.7 of a field",
    ),
    pytest.param(
        Asked(directives=RequestDirectives(no_store=True)),
        200,
        A_MINUTE,
        SILENT,
        Unstorable.REQUEST_NO_STORE,
        id="5.2.1.5",
    ),
    pytest.param(AUTHORIZED, 200, A_MINUTE, SILENT, Unstorable.AUTHORIZED, id="3.5 credentials"),
    pytest.param(AUTHORIZED, 200, of(), TTL, Unstorable.AUTHORIZED, id="3.5 whatever the ttl"),
    pytest.param(
        AUTHORIZED, 200, of(cache_control=b"max-age=60, public"), SILENT, None, id="3.5 public"
    ),
    pytest.param(
        AUTHORIZED,
        200,
        of(cache_control=b"max-age=60, must-revalidate"),
        SILENT,
        None,
        id="3.5 must",
    ),
    pytest.param(
        AUTHORIZED, 200, of(cache_control=b"s-maxage=60"), SILENT, None, id="3.5 s-maxage"
    ),
    pytest.param(
        PLAIN, 200, COOKIE, SILENT, Unstorable.SET_COOKIE, id="an answer that sets a cookie"
    ),
    pytest.param(PLAIN, 200, COOKIE, CachePolicy(store_cookies=True), None, id="where it may"),
    pytest.param(
        PLAIN,
        200,
        (*of(cache_control=b'max-age=60, no-cache="set-cookie"'), (b"set-cookie", b"a=b")),
        SILENT,
        None,
        id="5.2.2.4 the cookie alone is kept back",
    ),
    pytest.param(
        PLAIN, 200, (*A_MINUTE, (b"vary", b"*")), SILENT, Unstorable.VARY, id="4.1 Vary: *"
    ),
    pytest.param(PLAIN, 200, (*A_MINUTE, (b"vary", b"x")), SILENT, None, id="4.1 Vary"),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"max-age=0"),
        SILENT,
        Unstorable.USELESS,
        id="stale, unverifiable",
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"max-age=0", etag=b'"a"'),
        SILENT,
        None,
        id="stale, verifiable",
    ),
    pytest.param(
        PLAIN, 200, of(cache_control=b"no-cache", etag=b'"a"'), SILENT, None, id="5.2.2.4 no-cache"
    ),
    pytest.param(PLAIN, 200, of(etag=b'"a"'), SILENT, None, id="silent, verifiable"),
    pytest.param(
        PLAIN,
        302,
        of(cache_control=b"no-cache", etag=b'"a"'),
        SILENT,
        Unstorable.USELESS,
        id="3 no-cache allows nothing",
    ),
    pytest.param(
        PLAIN,
        302,
        of(),
        CachePolicy(stale_while_revalidate=9),
        Unstorable.USELESS,
        id="3 nor does the route by staleness",
    ),
    pytest.param(
        PLAIN, 302, of(), CachePolicy(ttl=9, force=True), None, id="the route's force does"
    ),
    pytest.param(
        PLAIN, 201, of(etag=b'"a"'), SILENT, Unstorable.USELESS, id="3 a status that needs a word"
    ),
    pytest.param(
        PLAIN, 201, of(etag=b'"a"', cache_control=b"public"), SILENT, None, id="3 which is public"
    ),
    pytest.param(
        PLAIN,
        200,
        of(date=DATE, expires=MINUTE_BEFORE, last_modified=DAY_BEFORE),
        SILENT,
        None,
        id="expired, verifiable",
    ),
    pytest.param(
        PLAIN,
        200,
        of(cache_control=b"max-age=0, stale-while-revalidate=9"),
        SILENT,
        None,
        id="5861 only ever stale",
    ),
    pytest.param(PLAIN, 200, of(date=DATE, expires=MINUTE_LATER), SILENT, None, id="3 Expires"),
]
