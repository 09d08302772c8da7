"""Whether an answer may be stored, and what is kept: RFC 9111, 3."""

import dataclasses

import pytest

from gateway_core.caching.asking import Asked
from gateway_core.caching.entry import BodyId, Entry, Lifetime
from gateway_core.caching.policy import CachePolicy
from gateway_core.caching.searching import Search
from gateway_core.caching.storing import (
    TAGS_MAX,
    Answered,
    Request,
    Unstorable,
    make_entry,
    tags,
    why_not_stored,
)
from gateway_core.clock import Instant, UnixTime
from gateway_core.message import Fields, ResponseHead
from tests.core.caching.cases.freshness import AT, DATE, of
from tests.core.caching.cases.storing import STORING


def request(asked: Asked = Asked(), fields: Fields = (), unkeyed_cookie: bool = False) -> Request:
    return Request(b"key", b"http://a/p", asked, fields, unkeyed_cookie)


def answered(head: ResponseHead, shown: Fields = ()) -> Answered:
    seen = dataclasses.replace(head, fields=shown or head.fields)
    return Answered(head, seen, UnixTime(AT), UnixTime(AT + 2), Instant(7))


@pytest.mark.parametrize(("asked", "status", "fields", "policy", "reason"), STORING)
def test_what_may_be_stored(
    asked: Asked, status: int, fields: Fields, policy: CachePolicy, reason: Unstorable | None
) -> None:
    head = ResponseHead(status, fields, 5)
    assert why_not_stored(request(asked), head, UnixTime(AT), policy) is reason


def test_what_is_too_large() -> None:
    fields = of(cache_control=b"max-age=60")
    policy = CachePolicy(max_entry=10)
    at = UnixTime(AT)
    assert why_not_stored(request(), ResponseHead(200, fields, 10), at, policy) is None
    too_large = why_not_stored(request(), ResponseHead(200, fields, 11), at, policy)
    assert too_large is Unstorable.TOO_LARGE


def test_silence_is_no_permission_where_a_cookie_came_that_nothing_selects_by() -> None:
    asked = request(unkeyed_cookie=True)
    at, policy = UnixTime(AT), CachePolicy(ttl=30)
    silent = ResponseHead(200, of())
    assert why_not_stored(asked, silent, at, policy) is Unstorable.USELESS
    assert why_not_stored(request(), silent, at, policy) is None
    varied = ResponseHead(200, of(vary=b"Cookie"))
    assert why_not_stored(asked, varied, at, policy) is None


def test_reasons_that_last_are_worth_a_mark() -> None:
    assert {reason for reason in Unstorable if not reason.lasting} == {
        Unstorable.STATUS,
        Unstorable.PARTIAL,
        Unstorable.NOT_UNDERSTOOD,
        Unstorable.REQUEST_NO_STORE,
        Unstorable.AUTHORIZED,
        Unstorable.OVERTAKEN,
    }


def test_what_is_kept_of_an_answer() -> None:
    head = ResponseHead(
        200,
        (
            *of(date=DATE, cache_control=b'max-age=60, private="x-p", no-cache="x-n"', age=b"3"),
            *of(etag=b'"e"', last_modified=DATE, vary=b"Lang", surrogate_key=b"a b"),
            *of(connection=b"x-c", x_c=b"1", x_p=b"2", x_n=b"3", x_k=b"4", x_request_id=b"5"),
        ),
        9,
    )
    shown = tuple(line for line in head.fields if line[0] not in {b"connection", b"x-c"})
    lang = request(fields=((b"lang", b"en"),))
    entry = make_entry(lang, answered(head, shown), CachePolicy(), BodyId(4))
    names = [name for name, _ in entry.fields]
    assert names == [
        b"date", b"cache-control", b"etag", b"last-modified", b"vary", b"surrogate-key", b"x-k",
    ]  # fmt: skip
    assert entry == Entry(
        key=b"key",
        body=BodyId(4),
        status=200,
        fields=entry.fields,
        origin=tuple(
            line
            for line in head.fields
            if not line[0].startswith(b"x-") and line[0] != b"connection"
        ),
        vary=(b"lang",),
        selecting=(b"en",),
        lifetime=Lifetime(60, stale_if_unreachable=60),
        initial_age=5,
        received=Instant(7),
        date=UnixTime(AT),
        etag=b'"e"',
        last_modified=DATE,
        modified=UnixTime(AT),
        no_cache=False,
        url=b"http://a/p",
        tags=(b"a", b"b"),
        length=9,
        complete=False,
    )


def test_an_answer_to_many_queries_lies_where_each_of_them_finds_it() -> None:
    asked = request()._replace(search=Search(b"k", b"http://a/p", (("u", "1"), ("a", "2"))))
    told = ((b"cache-control", b"max-age=9"), (b"no-vary-search", b'params=("u")'))
    made = make_entry(asked, answered(ResponseHead(200, told, 1)), CachePolicy(), BodyId(1))
    other = Search(b"k", b"http://a/p", (("a", "2"),))
    assert made.covers is not None
    assert made.covers == other.covered(told)
    assert made.key == other.key_for(made.covers.variation)
    assert made.url == b"http://a/p"
    assert told[1] in made.origin, "a 304 may leave it out, and it still counts"
    plain = make_entry(asked, answered(ResponseHead(200, told[:1], 1)), CachePolicy(), BodyId(1))
    assert (plain.key, plain.covers) == (b"key", None)


def test_an_answer_without_a_date_is_given_the_one_when_it_came() -> None:
    head = ResponseHead(200, of(cache_control=b"max-age=60"))
    entry = make_entry(request(), answered(head), CachePolicy(), BodyId(1))
    assert entry.fields == of(cache_control=b"max-age=60", date=b"Sat, 28 Nov 2026 09:00:02 GMT")


def test_of_two_tags_neither_is_one() -> None:
    fields = (*of(cache_control=b"max-age=60", etag=b'"a"', last_modified=b"?"), (b"etag", b'"b"'))
    entry = make_entry(request(), answered(ResponseHead(200, fields)), CachePolicy(), BodyId(1))
    assert entry.etag is None
    assert entry.last_modified is None


def test_tags_stand_in_two_fields_and_are_bounded() -> None:
    assert tags(of(surrogate_key=b"a  b", cache_tag=b"b, c,d")) == (b"a", b"b", b"c", b"d")
    many = b" ".join(b"t%d" % n for n in range(TAGS_MAX + 9))
    assert len(tags(of(surrogate_key=many))) == TAGS_MAX
