"""Asking whether a stored answer is still right: RFC 9111, 3.2 and 4.3."""

import dataclasses

import pytest

from gateway_core.caching.asking import PLAIN_GET
from gateway_core.caching.policy import CachePolicy
from gateway_core.caching.storing import Answered, Request, Unstorable
from gateway_core.caching.validating import agrees, confirmable, confirmed, confirms, validators
from gateway_core.clock import Instant, UnixTime
from gateway_core.message import Fields, ResponseHead, value, values
from tests.core.caching.cases.freshness import AT, DATE, MINUTE_BEFORE, of
from tests.core.caching.entries import ENTRY, entry

REQUEST = Request(b"key", b"http://a/p", PLAIN_GET, ())
LATER = Instant(90)


def answered(fields: Fields) -> Answered:
    head = ResponseHead(304, fields, 0)
    return Answered(head, head, UnixTime(AT), UnixTime(AT), LATER)


def test_the_origin_is_asked_by_all_validators_that_are_known() -> None:
    assert validators(entry(etag=b'W/"a"', last_modified=DATE)) == (
        (b"if-none-match", b'W/"a"'),
        (b"if-modified-since", DATE),
    )
    assert validators(ENTRY) == ()


def test_an_answer_is_confirmed_by_who_asks_for_its_own_url() -> None:
    tagged = entry(etag=b'"a"')
    assert confirmable(tagged, tagged.url)
    assert not confirmable(tagged, tagged.url + b"?u=1"), "4.3.1"
    assert not confirmable(ENTRY, ENTRY.url), "nothing to confirm it by"
    assert not confirmable(None, ENTRY.url)


@pytest.mark.parametrize(
    ("stored", "fields", "is_about"),
    [
        pytest.param({"etag": b'"a"'}, of(etag=b'"a"'), True, id="4.3.4 its tag"),
        pytest.param({"etag": b'"a"'}, of(etag=b'"b"'), False, id="4.3.4 another"),
        pytest.param({"etag": b'W/"a"'}, of(etag=b'"a"'), True, id="4.3.4 weakly"),
        pytest.param({"etag": b"a"}, of(etag=b"a"), True, id="what is no tag, but the same"),
        pytest.param({"etag": b'"a"'}, of(), True, id="4.3.4 it says nothing"),
        pytest.param({"last_modified": DATE}, of(etag=b'"a"'), False, id="a tag for what had none"),
        pytest.param({"last_modified": DATE}, of(last_modified=DATE), True, id="4.3.4 its time"),
        pytest.param({"last_modified": DATE}, of(last_modified=MINUTE_BEFORE), False, id="another"),
        pytest.param({"etag": b'"a"'}, of(last_modified=DATE), True, id="a time for what had none"),
        pytest.param({}, of(), False, id="what was not asked"),
        pytest.param(
            {"etag": b'"a"'},
            (*of(etag=b'"a"'), (b"etag", b'"b"')),
            False,
            id="two tags say nothing",
        ),
    ],
)
def test_what_a_304_confirms(stored: dict[str, object], fields: Fields, is_about: bool) -> None:
    assert confirms(ResponseHead(304, fields), entry(**stored)) is is_about


def test_a_304_renews_what_it_tells_and_nothing_else() -> None:
    stored = entry(
        etag=b'"a"',
        origin=of(etag=b'"a"', cache_control=b"max-age=1"),
        fields=(*ENTRY.fields, *of(etag=b'"a"', cache_control=b"max-age=1", x_b=b"1", x_c=b"1")),
    )
    told = (*of(cache_control=b"max-age=9", x_b=b"2"), (b"x-b", b"3"))
    unmoved = of(content_length=b"3", content_encoding=b"gzip", content_range=b"x")
    renewed, reason = confirmed(stored, REQUEST, answered((*told, *unmoved)), CachePolicy())
    assert reason is None
    assert renewed.fields == (
        *ENTRY.fields, *of(etag=b'"a"', x_c=b"1", cache_control=b"max-age=9", x_b=b"2"), (b"x-b", b"3"),
        (b"date", DATE),
    )  # fmt: skip
    assert renewed.lifetime.fresh == 9
    assert renewed.received == LATER
    assert (renewed.etag, renewed.length, renewed.complete, renewed.body) == (b'"a"', 10, True, 1)


def test_a_304_without_a_date_makes_it_young_again() -> None:
    stored = entry(
        etag=b'"a"',
        origin=of(etag=b'"a"', cache_control=b"max-age=9", date=MINUTE_BEFORE, age=b"99"),
        fields=of(date=MINUTE_BEFORE),
    )
    renewed, _ = confirmed(stored, REQUEST, answered(()), CachePolicy())
    assert renewed.initial_age == 0
    assert renewed.date == AT
    assert renewed.fields == of(date=DATE)


def test_a_304_may_forbid_to_keep_what_it_confirms() -> None:
    stored = entry(etag=b'"a"', origin=of(etag=b'"a"'))
    renewed, reason = confirmed(
        stored, REQUEST, answered(of(cache_control=b"private")), CachePolicy()
    )
    assert reason is Unstorable.PRIVATE
    assert value(renewed.fields, b"cache-control") == b"private"


def test_a_304_may_make_it_match_nothing() -> None:
    stored = entry(etag=b'"a"', origin=of(etag=b'"a"'))
    assert confirmed(stored, REQUEST, answered(of(vary=b"*")), CachePolicy()) == (
        stored,
        Unstorable.VARY,
    )


@pytest.mark.parametrize(("keep", "kept"), [(False, []), (True, [b"a=b"])])
def test_a_cookie_that_a_304_sets_is_for_who_asked(keep: bool, kept: list[bytes]) -> None:
    stored = entry(etag=b'"a"', origin=of(etag=b'"a"', cache_control=b"max-age=9"))
    policy = CachePolicy(store_cookies=keep)
    renewed, _ = confirmed(stored, REQUEST, answered(of(set_cookie=b"a=b")), policy)
    assert values(renewed.fields, b"set-cookie") == kept


@pytest.mark.parametrize(
    ("status", "fields", "same"),
    [
        pytest.param(200, of(content_length=b"10"), True, id="4.3.5 its length"),
        pytest.param(200, of(content_length=b"11"), False, id="4.3.5 another"),
        pytest.param(200, of(etag=b'"a"'), True, id="4.3.5 a tag for what had none"),
        pytest.param(200, of(), True, id="4.3.5 it says nothing"),
        pytest.param(404, of(), False, id="another status"),
    ],
)
def test_what_a_head_agrees_with(status: int, fields: Fields, same: bool) -> None:
    assert agrees(ResponseHead(status, fields), ENTRY) is same


def test_an_entry_is_not_changed_in_place() -> None:
    stored = entry(etag=b'"a"', origin=of(etag=b'"a"'))
    before = dataclasses.replace(stored)
    confirmed(stored, REQUEST, answered(of(cache_control=b"max-age=9")), CachePolicy())
    assert stored == before
