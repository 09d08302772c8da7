"""Conversations with a cache, step by step, by sections of RFC 9111, 9110, 9213 and 5861.

Each runs twice: against the pure exchange in virtual time (`test_conversations.py`), and
through the whole gateway over real sockets (`tests/end_to_end/test_cache_conversations.py`).
"""

from dataclasses import dataclass

import pytest

from tests.core.caching.cases.freshness import of

Lines = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Step:
    """What a client asks, what the origin says if it is asked, and what the client gets."""

    x_cache: str
    body: bytes = b"1"
    """Got."""
    status: int = 200
    """Got."""
    asks: Lines = ()
    method: str = "GET"
    target: bytes = b"/"
    says: Lines | None = None
    """The origin's fields; None: the origin is not to be asked."""
    said: int = 200
    """The origin's status."""
    origin: bytes = b"1"
    """The origin's body."""


def first(*says: tuple[bytes, bytes], **more: object) -> Step:
    """A first request, which goes to the origin."""
    return Step("MISS", says=tuple(says), **more)  # type: ignore[arg-type]


def again(**more: object) -> Step:
    """A further one that finds nothing to use: the origin's body is another by then."""
    return Step("MISS", body=b"2", says=(), origin=b"2", **more)  # type: ignore[arg-type]


HIT = Step("HIT")
FRESH = of(cache_control=b"max-age=60")
OLD = of(cache_control=b"max-age=60", age=b"90", etag=b'"a"')
VALIDATED = Step("REVALIDATED", says=of(etag=b'"a"'), said=304, origin=b"")
STILL_OLD = Step("REVALIDATED", says=of(etag=b'"a"', age=b"90"), said=304, origin=b"")

CONVERSATIONS = [
    pytest.param([first(*FRESH), HIT], id="9111 4.2.1 max-age"),
    pytest.param([first(), again()], id="9111 3 nothing said"),
    pytest.param([first(*of(cache_control=b"s-maxage=60, max-age=0")), HIT], id="9111 5.2.2.10"),
    pytest.param([first(*of(cache_control=b"max-age=60, no-store")), again()], id="9111 5.2.2.5"),
    pytest.param([first(*of(cache_control=b"max-age=60, private")), again()], id="9111 5.2.2.7"),
    pytest.param(
        [first(*of(cache_control=b"max-age=60", age=b"90")), again()], id="9111 4.2.3 Age"
    ),
    pytest.param([first(*of(cache_control=b"max-age=60", age=b"9, 90")), HIT], id="9111 5.1 first"),
    pytest.param([first(*of(cache_control=b"max-age=60", age=b"-5")), HIT], id="9111 5.1 negative"),
    pytest.param([first(*of(cache_control=b"max-age=x")), again()], id="9111 4.2.1 no number"),
    pytest.param([first(*of(expires=b"0")), again()], id="9111 5.3 no date"),
    pytest.param([first(*of(expires=b"Thu, 18 Aug 2050 02:01:18 GMT")), HIT], id="9111 5.3 a date"),
    pytest.param(
        [first(*of(cdn_cache_control=b"max-age=60", cache_control=b"no-store")), HIT], id="9213 2.2"
    ),
    pytest.param([first(*FRESH, (b"vary", b"*")), again()], id="9111 4.1 Vary: *"),
    pytest.param(
        [
            first(*FRESH, (b"vary", b"lang"), asks=of(lang=b"en")),
            again(asks=of(lang=b"de")),
            Step("HIT", asks=of(lang=b"en")),
        ],
        id="9111 4.1 another variant",
    ),
    pytest.param([first(*FRESH, asks=of(authorization=b"x")), again()], id="9111 3.5"),
    pytest.param(
        [first(*of(cache_control=b"max-age=60, public"), asks=of(authorization=b"x")), HIT],
        id="9111 3.5 public",
    ),
    pytest.param([first(*FRESH, (b"set-cookie", b"a=b")), again()], id="an answer with a cookie"),
    pytest.param([first(*OLD), STILL_OLD, STILL_OLD], id="9111 4.3.3 confirmed each time"),
    pytest.param([first(*OLD), VALIDATED, HIT], id="9111 4.3.4 young again by a 304"),
    pytest.param(
        [
            first(*OLD),
            Step("REVALIDATED", says=(*FRESH, *of(etag=b'"a"')), said=304, origin=b""),
            HIT,
        ],
        id="9111 4.3.4 confirmed, and fresh from then on",
    ),
    pytest.param(
        [first(*OLD), Step("MISS", body=b"2", says=FRESH, origin=b"2"), Step("HIT", body=b"2")],
        id="9111 4.3.3 changed",
    ),
    pytest.param(
        [first(*of(cache_control=b"max-age=60, no-cache", etag=b'"a"')), VALIDATED],
        id="9111 5.2.2.4",
    ),
    pytest.param(
        [first(*FRESH), Step("MISS", says=(), asks=of(cache_control=b"no-cache"))],
        id="9111 5.2.1.4",
    ),
    pytest.param(
        [first(*FRESH), Step("HIT", asks=of(cache_control=b"only-if-cached"))], id="9111 5.2.1.7"
    ),
    pytest.param(
        [first(*FRESH), Step("HIT", body=b"", method="HEAD")], id="9110 9.3.2 HEAD from GET"
    ),
    pytest.param(
        [
            first(*FRESH, *of(etag=b'"a"')),
            Step("HIT", status=304, body=b"", asks=of(if_none_match=b'"x", W/"a"')),
        ],
        id="9110 13.1.2",
    ),
    pytest.param(
        [
            first(*FRESH, body=b"0123456789", origin=b"0123456789"),
            Step("HIT", status=206, body=b"789", asks=of(range=b"bytes=-3")),
            Step("HIT", status=416, body=b"", asks=of(range=b"bytes=10-")),
            Step("HIT", body=b"0123456789", asks=of(range=b"bytes=0-1,3-4")),
        ],
        id="9110 14 and 15.5.17",
    ),
    pytest.param([first(*FRESH), Step("BYPASS", says=(), method="DELETE"), again()], id="9111 4.4"),
    pytest.param(
        [
            first(*FRESH),
            Step("BYPASS", status=500, says=(), said=500, method="DELETE"),
            HIT,
        ],
        id="9111 4.4 failed",
    ),
    pytest.param(
        [
            first(*of(cache_control=b"max-age=60, stale-if-error=99", age=b"70")),
            Step("STALE", says=(), said=503, origin=b"down"),
        ],
        id="5861 4",
    ),
    pytest.param(
        [
            first(*of(cache_control=b"max-age=60, must-revalidate, stale-if-error=99", age=b"70")),
            Step("MISS", status=503, body=b"down", says=(), said=503, origin=b"down"),
        ],
        id="9111 5.2.2.2 before 5861 4",
    ),
    pytest.param(
        [first(*FRESH, status=404, said=404), Step("HIT", status=404)], id="9111 3 any status"
    ),
    pytest.param([first(*FRESH, target=b"/x"), again(target=b"/x?")], id="3986 6 another URL"),
    pytest.param([first(*FRESH, target=b"/x"), Step("HIT", target=b"/%78")], id="3986 6.2.2.2"),
    pytest.param(
        [first(*FRESH), Step("BYPASS", says=(), asks=of(x_original_url=b"/admin"))],
        id="an overriding field",
    ),
]
