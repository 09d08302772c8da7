"""How long an answer may be used: RFC 9111, 4.2."""

import pytest

from gateway_core.caching.directives import response_directives
from gateway_core.caching.entry import Lifetime
from gateway_core.caching.freshness import Told, explicit_lifetime, last_modified, lifetime
from gateway_core.caching.policy import CachePolicy
from gateway_core.clock import UnixTime
from gateway_core.message import Fields
from tests.core.caching.cases.freshness import AT, DATE, EXPLICIT, LIFETIMES, TTL, of


@pytest.mark.parametrize(("fields", "seconds"), EXPLICIT)
def test_what_the_origin_says(fields: Fields, seconds: int | None) -> None:
    assert explicit_lifetime(fields, response_directives(fields), UnixTime(AT)) == seconds


@pytest.mark.parametrize(("status", "fields", "policy", "terms"), LIFETIMES)
def test_how_long_it_may_be_used(
    status: int, fields: Fields, policy: CachePolicy, terms: Lifetime
) -> None:
    assert (
        lifetime(Told(status, fields, response_directives(fields), UnixTime(AT)), policy) == terms
    )


@pytest.mark.parametrize(
    ("line", "fresh"),
    [(b"foo", 0), (b"public", 30), (b"max-age=60", 60)],
    ids=["silence", "public", "an explicit lifetime"],
)
def test_silence_about_what_a_cookie_may_have_shaped_is_no_permission(
    line: bytes, fresh: int
) -> None:
    fields = of(cache_control=line)
    told = Told(200, fields, response_directives(fields), UnixTime(AT), unkeyed_cookie=True)
    assert lifetime(told, TTL).fresh == fresh


def test_of_two_times_of_modification_neither_counts() -> None:
    twice = (*of(last_modified=DATE), (b"last-modified", DATE))
    assert last_modified(twice, UnixTime(AT)) is None
    assert last_modified(twice[:1], UnixTime(AT)) == AT
