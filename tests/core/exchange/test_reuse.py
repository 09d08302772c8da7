"""One exchange and the cache: what is looked up, awaited, stored, confirmed, and who stands in."""

import pytest

from gateway_core.caching import CachePolicy
from gateway_core.clock import SECOND, Instant
from gateway_core.coalescing import Landing
from gateway_core.errors import FailureKind
from gateway_core.exchange import Phase
from gateway_core.message import UpstreamRequest, value
from tests.lab import Lab, Said, aged, refuses, says

MINUTE = says(cache_control=b"max-age=60")
TAGGED = says(cache_control=b"max-age=60", etag=b'"a"')


def not_modified_or(origin):
    """An origin that answers 304 where its tag is asked for."""

    def answer(request: UpstreamRequest) -> Said:
        said = origin(request)
        tag = value(said.fields, b"etag")
        if tag is not None and value(request.fields, b"if-none-match") == tag:
            return Said(304, b"", said.fields)
        return said

    return answer


def test_what_was_fetched_once_answers_from_then_on() -> None:
    lab = Lab()
    lab.origin = MINUTE
    first = lab.get()
    assert (first.status, first.body, first.x_cache) == (200, b"body", "MISS")
    assert first.cache_status == "gateway; fwd=uri-miss; stored"
    assert first.field(b"age") is None
    lab.wait(17)
    second = lab.get()
    assert (second.status, second.body, second.x_cache) == (200, b"body", "HIT")
    assert second.cache_status == "gateway; hit; ttl=43"
    assert second.field(b"age") == b"17"
    assert second.field(b"x-request-id") == b"id"
    assert len(lab.requests) == 1
    assert second.exchange.record.cache is not None
    assert second.exchange.record.attempts == 0


def test_what_is_stale_is_fetched_anew() -> None:
    lab = Lab()
    lab.origin = MINUTE
    lab.get()
    lab.wait(60)
    second = lab.get()
    assert second.cache_status == "gateway; fwd=stale; stored"
    assert len(lab.requests) == 2


def test_an_answer_of_unknown_length_has_one_from_then_on() -> None:
    lab = Lab()
    lab.origin = says(body=b"12345", sized=False, cache_control=b"max-age=60")
    assert lab.get().field(b"content-length") is None
    assert lab.get().field(b"content-length") == b"5"


def test_head_and_parts_are_answered_from_a_whole_get() -> None:
    lab = Lab()
    lab.origin = says(body=b"0123456789", cache_control=b"max-age=60", etag=b'"a"')
    lab.get()
    head = lab.get(method="HEAD")
    assert (head.body, head.field(b"content-length")) == (b"", b"10")
    part = lab.get(range=b"bytes=2-4")
    assert (part.status, part.body, part.field(b"content-range")) == (206, b"234", b"bytes 2-4/10")
    assert lab.get(range=b"bytes=10-").status == 416
    assert lab.get(if_none_match=b'"a"').status == 304
    assert len(lab.requests) == 1
    assert all(visit.exchange.done for visit in lab.visits)


def test_what_a_client_has_does_not_keep_others_from_what_is_fetched() -> None:
    lab = Lab()
    lab.origin = TAGGED
    first = lab.get(if_none_match=b'"a"')
    assert value(lab.requests[0].fields, b"if-none-match") is None
    assert first.status == 304
    assert lab.get().body == b"body"
    assert len(lab.requests) == 1


def test_a_part_that_nothing_is_stored_of_is_the_upstreams_to_send() -> None:
    lab = Lab()
    lab.origin = says(206, b"23", cache_control=b"max-age=60", content_range=b"bytes 2-3/10")
    part = lab.get(range=b"bytes=2-3")
    assert (part.status, part.x_cache) == (206, "MISS")
    assert part.cache_status == "gateway; fwd=uri-miss; detail=partial"
    assert value(lab.requests[0].fields, b"range") == b"bytes=2-3"
    lab.get(range=b"bytes=2-3")
    assert len(lab.requests) == 2


def test_head_is_not_stored_but_tells_of_what_is() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=1", content_language=b"en")
    lab.get()
    lab.wait(5)
    lab.origin = says(cache_control=b"max-age=60", x_new=b"1")
    head = lab.get(method="HEAD")
    assert head.x_cache == "MISS"
    assert lab.requests[1].method == "HEAD"
    got = lab.get()
    assert (got.x_cache, got.body, got.field(b"x-new")) == ("HIT", b"body", b"1")
    lab.wait(99)
    lab.origin = says(body=b"longer", cache_control=b"max-age=60")
    lab.get(method="HEAD")
    assert lab.get(cache_control=b"only-if-cached").status == 504
    lab.origin = says(404)
    lab.get(method="HEAD")


# -- validation ------------------------------------------------------------------------------


def test_a_stale_answer_is_confirmed_without_its_body() -> None:
    lab = Lab()
    lab.origin = not_modified_or(TAGGED)
    lab.get()
    lab.wait(60)
    second = lab.get(range=b"bytes=0-1", if_none_match=b'"other"')
    assert (second.status, second.body) == (206, b"bo")
    assert second.x_cache == "REVALIDATED"
    assert second.cache_status == "gateway; fwd=stale; fwd-status=304; ttl=60; stored"
    asked = lab.requests[1].fields
    assert value(asked, b"if-none-match") == b'"a"'
    assert value(asked, b"range") is None
    assert lab.get().x_cache == "HIT"


def test_an_answer_that_changed_takes_the_place_of_what_was_stored() -> None:
    lab = Lab()
    lab.origin = TAGGED
    lab.get()
    lab.wait(60)
    lab.origin = says(body=b"new", cache_control=b"max-age=60", etag=b'"b"')
    assert lab.get().body == b"new"
    assert lab.get().body == b"new"
    assert len(lab.bodies) == 1


@pytest.mark.parametrize("etag", [b'"b"', None], ids=["another tag", "no tag, but another time"])
def test_a_304_about_something_else_is_asked_again_without_conditions(etag: bytes | None) -> None:
    lab = Lab()
    lab.origin = says(
        cache_control=b"max-age=60", etag=b'"a"', last_modified=b"Sat, 28 Nov 2026 08:00:00 GMT"
    )
    lab.get()
    lab.wait(60)
    wrong = (b"etag", etag) if etag else (b"last-modified", b"Sat, 28 Nov 2026 07:00:00 GMT")

    def origin(request: UpstreamRequest) -> Said:
        if value(request.fields, b"if-none-match"):
            return Said(304, b"", (wrong,))
        return Said(200, b"new", ((b"cache-control", b"max-age=60"),))

    lab.origin = origin
    visit = lab.get()
    assert (visit.status, visit.body) == (200, b"new")
    assert visit.endpoint_calls == 2
    assert lab.get().body == b"new"


def test_a_304_that_nobody_asked_for_is_no_answer_of_the_caches() -> None:
    lab = Lab()
    lab.origin = says(304, b"", cache_control=b"max-age=60")
    first = lab.get()
    assert (first.status, first.x_cache) == (304, "MISS")
    lab.get()
    assert len(lab.requests) == 2


def test_what_was_pushed_out_while_it_was_confirmed_is_fetched_whole() -> None:
    lab = Lab()
    lab.origin = not_modified_or(TAGGED)
    lab.get()
    lab.wait(60)
    visit = lab.ask()
    lab.cache.purge_all()
    lab.settle()
    lab.answer(visit)
    assert (visit.status, visit.body, visit.endpoint_calls) == (200, b"body", 2)


def test_a_304_that_forbids_to_store_answers_once_more() -> None:
    lab = Lab()
    lab.origin = TAGGED
    lab.get()
    lab.wait(60)
    lab.origin = says(304, b"", cache_control=b"no-store", etag=b'"a"')
    visit = lab.get()
    assert (visit.status, visit.body, visit.x_cache) == (200, b"body", "REVALIDATED")
    assert "detail=no-store" in visit.cache_status
    assert not lab.bodies


def test_no_cache_is_stored_and_confirmed_each_time_with_nobody_waiting() -> None:
    lab = Lab()
    lab.origin = not_modified_or(says(cache_control=b"no-cache", etag=b'"a"'))
    lab.get()
    one, other = lab.ask(), lab.ask()
    assert one.asked is not None
    assert other.asked is not None
    lab.answer(other)
    lab.answer(one)
    assert one.x_cache == other.x_cache == "REVALIDATED"


# -- stale --------------------------------------------------------------------------------------


def test_a_stale_answer_is_sent_while_a_newer_one_is_fetched_by_one() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10, stale-while-revalidate=30", etag=b'"a"')
    lab.get()
    lab.wait(15)
    lab.origin = says(body=b"new", cache_control=b"max-age=10")
    one = lab.ask(if_none_match=b'"x"', cookie=b"a=b")
    two = lab.ask()
    assert one.x_cache == two.x_cache == "STALE"
    assert one.cache_status == "gateway; hit; ttl=-5"
    (background,) = one.after
    assert not two.after
    asked = background.asked
    assert asked is not None
    assert value(asked.fields, b"if-none-match") == b'"a"'
    assert value(asked.fields, b"cookie") == b"a=b"
    lab.answer(background)
    assert background.head is None
    assert background.exchange.record.reason == "cache-refresh"
    assert lab.get().body == b"new"
    assert len(lab.requests) == 2


def test_a_head_refreshes_by_get() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10, stale-while-revalidate=30")
    lab.get()
    lab.wait(15)
    lab.get(method="HEAD")
    assert lab.requests[-1].method == "GET"
    assert lab.get().x_cache == "HIT"


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        (refuses, "upstream-refused"),
        (says(503), "neither-fresh-nor-verifiable"),
        (says(cache_control=b"private"), "private"),
        (says(304, b"", etag=b'"a"'), "cache-refresh"),
    ],
    ids=["it fails", "an error", "it is nobody's", "confirmed"],
)
def test_a_refresh_that_brings_nothing_new_ends_quietly(origin, reason: str) -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10, stale-while-revalidate=30", etag=b'"a"')
    lab.get()
    lab.wait(15)
    visit = lab.ask()
    (background,) = visit.after
    lab.answer(background, origin)
    assert background.exchange.done
    assert background.exchange.record.reason == reason
    assert len(lab.cache.flights) == 0


def test_a_stale_answer_stands_in_for_an_error_where_the_origin_allows_it() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10, stale-if-error=60")
    lab.get()
    lab.wait(20)
    lab.origin = says(503, b"down")
    visit = lab.get()
    assert (visit.status, visit.body, visit.x_cache) == (200, b"body", "STALE")
    assert visit.cache_status == (
        "gateway; fwd=stale; fwd-status=503; ttl=-10; detail=stale-if-error"
    )
    assert visit.field(b"age") == b"20"
    lab.wait(60)
    assert lab.get().status == 503


def test_a_stale_answer_bridges_an_origin_that_cannot_be_reached() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10")
    lab.get()
    lab.wait(20)
    lab.origin = says(503)
    assert lab.get().status == 503
    lab.origin = refuses
    assert lab.get().x_cache == "STALE"
    lab.wait(60)
    down = lab.get()
    assert (down.status, down.x_cache) == (502, "MISS")


@pytest.mark.parametrize(
    "said", [b"must-revalidate", b"proxy-revalidate", b"no-cache", b"s-maxage=10"]
)
def test_nothing_stands_in_where_the_origin_forbids_it(said: bytes) -> None:
    lab = Lab(CachePolicy(stale_if_error=600, stale_while_revalidate=600))
    lab.origin = says(cache_control=b"max-age=10, " + said, etag=b'"a"')
    lab.get()
    lab.wait(20)
    lab.origin = refuses
    assert lab.get().status == 502


# -- who may not be served, and what is not stored -----------------------------------------------


@pytest.mark.parametrize(
    ("request_fields", "method", "why"),
    [
        ({}, "POST", "fwd=method"),
        ({}, "OPTIONS", "fwd=method"),
        ({"if_match": b'"a"'}, "GET", "fwd=bypass; detail=condition-for-the-origin"),
        ({"x_original_url": b"/admin"}, "GET", "fwd=bypass; detail=overriding-field"),
        ({"x_http_method_override": b"POST"}, "GET", "fwd=bypass; detail=overriding-field"),
    ],
)
def test_what_is_no_business_of_the_cache_passes(
    request_fields: dict[str, bytes], method: str, why: str
) -> None:
    lab = Lab()
    lab.origin = MINUTE
    lab.get()
    visit = lab.get(method=method, **request_fields)
    assert (visit.x_cache, visit.cache_status) == ("BYPASS", f"gateway; {why}")
    assert len(lab.requests) == 2


def test_a_get_with_a_body_passes_and_is_not_stored() -> None:
    lab = Lab()
    lab.origin = says(body=b"poison", cache_control=b"max-age=60")
    visit = lab.ask(body=5)
    lab.answer(visit)
    assert visit.cache_status == "gateway; fwd=bypass; detail=request-body"
    lab.origin = MINUTE
    assert lab.get().body == b"body"


def test_a_client_that_wants_a_stored_answer_alone_gets_one_or_504() -> None:
    lab = Lab()
    lab.origin = MINUTE
    denied = lab.get(cache_control=b"only-if-cached")
    assert (denied.status, denied.x_cache) == (504, "MISS")
    lab.get()
    assert lab.get(cache_control=b"only-if-cached").x_cache == "HIT"
    assert len(lab.requests) == 1


def test_a_cookie_that_is_set_goes_to_its_client_alone() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=60", set_cookie=b"s=1")
    assert lab.get().field(b"set-cookie") == b"s=1"
    assert lab.get().cache_status == "gateway; fwd=uri-miss; detail=set-cookie"
    assert len(lab.requests) == 2


def test_silence_about_an_answer_to_a_cookie_is_no_permission() -> None:
    """Cache deception: who is lured to /account/x.css must not leave his account there."""
    lab = Lab(CachePolicy(ttl=30))
    lab.origin = says(body=b"account of the victim")
    lab.get(b"/account/x.css", cookie=b"session=victim")
    lab.origin = says(body=b"log in first")
    assert lab.get(b"/account/x.css").body == b"log in first"
    assert lab.get(b"/account/x.css").x_cache == "HIT"
    again = lab.get(b"/account/x.css", cookie=b"session=victim")
    assert again.x_cache == "HIT"


@pytest.mark.parametrize(
    "policy",
    [
        CachePolicy(),
        CachePolicy(ttl=30, stale_while_revalidate=10),
        CachePolicy(stale_if_error=60),
    ],
)
def test_silence_about_an_answer_to_a_cookie_lets_it_stand_in_for_no_other(
    policy: CachePolicy,
) -> None:
    """Not while it is asked for anew, and not while the origin is down: cache deception."""
    lab = Lab(policy)
    lab.origin = says(body=b"ann's account", etag=b'"a"')
    lab.get(cookie=b"session=ann")
    lab.origin = refuses
    stranger = lab.get()
    assert (stranger.status, stranger.body.count(b"ann")) == (502, 0)
    lab.origin = not_modified_or(says(body=b"ann's account", etag=b'"a"'))
    assert lab.get().x_cache == "REVALIDATED", "the origin says that it is for this one, too"


def test_what_nobody_allows_to_store_is_not_used_stale_either() -> None:
    """RFC 9111, 3: a route's stale_while_revalidate is no permission to store."""
    lab = Lab(CachePolicy(stale_while_revalidate=10))
    lab.origin = says(302, b"", location=b"/x")
    assert [lab.get().x_cache for _ in range(2)] == ["MISS", "MISS"]


def test_what_a_cookie_made_uncacheable_marks_requests_with_cookies_alone() -> None:
    lab = Lab(CachePolicy(ttl=30))
    lab.get(cookie=b"a=b")
    one, other = lab.ask(cookie=b"a=b"), lab.ask(cookie=b"c=d")
    assert one.asked is not None
    assert other.asked is not None
    plain, waiting = lab.ask(), lab.ask()
    assert plain.asked is not None
    assert waiting.waits_for is not None


def test_answers_for_one_route_are_not_anothers_whatever_the_url() -> None:
    lab = Lab()
    lab.origin = MINUTE
    lab.get(b"/x")
    assert lab.get(b"/%78").x_cache == "HIT"
    assert lab.get(b"/a/../x").x_cache == "HIT"
    assert lab.get(b"/x?").x_cache == "MISS"
    assert lab.get(b"//x").x_cache == "MISS"
    assert lab.get(b"/x%2Fy").x_cache == "MISS"
    assert lab.get(b"/x/y").x_cache == "MISS"


# -- invalidation --------------------------------------------------------------------------------


def test_a_change_takes_out_what_is_stored_of_its_url_and_those_it_names() -> None:
    lab = Lab()
    lab.origin = MINUTE
    for target in (b"/a", b"/b", b"/c"):
        lab.get(target)
    lab.origin = says(201, location=b"/b", content_location=b"http://elsewhere/c")
    lab.get(b"/a", method="POST")
    lab.origin = MINUTE
    assert [lab.get(target).x_cache for target in (b"/a", b"/b", b"/c")] == ["MISS", "MISS", "HIT"]


def test_a_change_that_failed_takes_out_nothing() -> None:
    lab = Lab()
    lab.origin = MINUTE
    lab.get()
    lab.origin = says(500)
    lab.get(method="DELETE")
    assert lab.get().x_cache == "HIT"


def test_what_was_fetched_before_a_change_is_not_kept_after_it() -> None:
    lab = Lab()
    lab.origin = says(body=b"old", cache_control=b"max-age=60")
    old, waiting = lab.ask(), lab.ask()
    lab.get(method="PUT")
    newer = lab.ask()
    assert newer.asked is not None, "it does not wait for what began before the change"
    lab.answer(old)
    assert old.body == b"old"
    assert "invalidated-meanwhile" in old.cache_status
    assert waiting.waits_for is not None, "now for the newer one"
    lab.answer(newer, says(body=b"new", cache_control=b"max-age=60"))
    assert waiting.body == newer.body == b"new"
    assert lab.get().body == b"new"


def test_what_was_confirmed_before_a_change_is_not_kept_after_it() -> None:
    lab = Lab()
    lab.origin = not_modified_or(says(body=b"old", cache_control=b"max-age=60", etag=b'"a"'))
    lab.get()
    lab.wait(60)
    visit = lab.ask()
    lab.cache.flights.doom(lambda flight: True)
    lab.answer(visit)
    assert visit.body == b"old"
    assert not lab.bodies


# -- many at once --------------------------------------------------------------------------------


def test_a_thousand_who_ask_at_once_are_one_fetch() -> None:
    lab = Lab()
    lab.origin = MINUTE
    visits = [lab.ask() for _ in range(1000)]
    lab.answer(visits[0])
    assert len(lab.requests) == 1
    assert {visit.body for visit in visits} == {b"body"}
    assert visits[0].x_cache == "MISS"
    assert {visit.x_cache for visit in visits[1:]} == {"HIT"}
    assert visits[1].cache_status == "gateway; fwd=uri-miss; ttl=60; collapsed"
    assert all(visit.exchange.done for visit in visits)


def test_who_waits_survives_the_leader_and_one_of_them_leads_on() -> None:
    lab = Lab()
    lab.origin = MINUTE
    leader, first, second = lab.ask(), lab.ask(), lab.ask()
    lab.leave(leader)
    assert first.asked is not None
    assert second.waits_for is not None
    lab.answer(first)
    assert first.body == second.body == b"body"
    assert len(lab.requests) == 2


def test_who_leaves_while_he_waits_takes_nobody_along() -> None:
    lab = Lab()
    lab.origin = MINUTE
    leader, first, second = lab.ask(), lab.ask(), lab.ask()
    lab.leave(first)
    lab.answer(leader)
    assert first.head is None
    assert second.body == b"body"


def test_who_waits_for_what_cannot_be_stored_is_released_at_once() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"private")
    leader, *others = [lab.ask() for _ in range(5)]
    lab.answer(leader)
    assert all(other.asked is not None for other in others)
    late = lab.ask()
    assert late.asked is not None, "the key is marked: nobody queues"
    for other in [*others, late]:
        lab.answer(other)
    assert "collapsed" in others[0].cache_status
    lab.wait(11)
    lab.ask()
    assert lab.ask().waits_for is not None, "the mark is gone"


def test_a_marked_key_that_can_be_stored_after_all_is() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"private")
    lab.get(if_none_match=b'"x"')
    lab.origin = MINUTE
    lab.get(if_none_match=b'"x"')
    assert value(lab.requests[0].fields, b"if-none-match") is None
    assert value(lab.requests[1].fields, b"if-none-match") == b'"x"', (
        "nothing is fetched for others"
    )
    assert lab.get().x_cache == "HIT"


def test_a_failure_is_everybodys_who_waited() -> None:
    lab = Lab()
    visits = [lab.ask() for _ in range(3)]
    lab.answer(visits[0], refuses)
    assert [visit.status for visit in visits] == [502, 502, 502]
    assert len(lab.requests) == 1


def test_who_waited_is_served_stale_where_the_leader_is() -> None:
    for origin in (refuses, says(503)):
        lab = Lab()
        lab.origin = says(cache_control=b"max-age=10, stale-if-error=60")
        lab.get()
        lab.wait(20)
        visits = [lab.ask() for _ in range(3)]
        lab.answer(visits[0], origin)
        assert [visit.x_cache for visit in visits] == ["STALE"] * 3
        assert len(lab.requests) == 2


def test_who_may_not_be_served_stale_asks_where_the_leader_was() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10, stale-if-error=60")
    lab.get()
    lab.wait(20)
    leader, other = lab.ask(), lab.ask()
    lab.wait(60)
    lab.answer(leader, says(503))
    assert leader.status == 503
    assert other.asked is not None


def test_variants_are_fetched_once_each() -> None:
    def origin(request: UpstreamRequest) -> Said:
        lang = value(request.fields, b"lang") or b"none"
        return Said(200, lang, ((b"cache-control", b"max-age=60"), (b"vary", b"lang")))

    lab = Lab()
    lab.origin = origin
    asked = [lab.ask(lang=lang) for lang in (b"en", b"de", b"en", b"de", b"fr")]
    lab.answer(asked[0])
    assert asked[2].body == b"en"
    assert asked[1].asked is not None
    assert asked[3].waits_for is not None
    assert asked[4].asked is not None, "what is asked for otherwise waits for nobody"
    lab.answer(asked[1])
    lab.answer(asked[4])
    assert [visit.body for visit in asked] == [b"en", b"de", b"en", b"de", b"fr"]
    assert len(lab.requests) == 3
    assert lab.get().body == b"none"
    assert lab.visits[-1].cache_status == "gateway; fwd=vary-miss; stored"


def test_nobody_waits_for_ever_on_anothers_account() -> None:
    lab = Lab()
    leader, other = lab.ask(), lab.ask()
    assert other.exchange.phase is Phase.WAITING
    assert other.exchange.deadline == 17 * SECOND
    lab.wait(16.9)
    lab.tick(other)
    assert other.asked is None
    lab.now = Instant(17 * SECOND)
    lab.tick(other)
    assert other.asked is not None
    lab.answer(other, MINUTE)
    assert "detail" not in other.cache_status
    assert lab.get().x_cache == "HIT"
    lab.answer(leader, MINUTE)


@pytest.mark.parametrize(
    "fields",
    [
        {"authorization": b"Basic x"},
        {"cache_control": b"no-cache"},
        {"cache_control": b"no-store"},
        {"cache_control": b"max-age=0"},
        {"range": b"bytes=0-1"},
    ],
)
def test_who_asks_for_himself_neither_leads_nor_waits(fields: dict[str, bytes]) -> None:
    lab = Lab()
    alone, other = lab.ask(**fields), lab.ask(**fields)
    assert alone.asked is not None
    assert other.asked is not None
    assert len(lab.cache.flights) == 0


def test_who_waited_for_what_is_stale_at_once_asks_for_himself() -> None:
    lab = Lab()
    lab.origin = aged(says(cache_control=b"max-age=60", etag=b'"a"'), 60)
    leader, *others = [lab.ask() for _ in range(3)]
    lab.answer(leader)
    assert all(other.asked is not None for other in others)


def test_what_is_too_large_passes() -> None:
    lab = Lab(CachePolicy(max_entry=3))
    lab.origin = MINUTE
    assert lab.get().cache_status == "gateway; fwd=uri-miss; detail=too-large"


def test_a_failure_of_kind_is_told_as_the_leader_was() -> None:
    lab = Lab()
    leader, other = lab.ask(), lab.ask()
    lab.answer(leader, lambda _request: FailureKind.RESPONSE_TIMEOUT)
    assert leader.status == other.status == 504


def test_who_finds_nothing_to_stand_in_asks_for_himself() -> None:
    lab = Lab()
    lab.ask()
    waiting = lab.ask()
    assert waiting.exchange._reuse is not None
    assert waiting.exchange._reuse.awaited is not None
    lab.cache.flights.land(waiting.exchange._reuse.awaited, Landing.FAILED)
    lab.settle()
    assert waiting.asked is not None


def test_a_head_that_forbids_to_store_renews_nothing() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10")
    lab.get()
    lab.wait(20)
    lab.origin = says(cache_control=b"max-age=60, no-store")
    lab.get(method="HEAD")
    assert lab.get(cache_control=b"only-if-cached").status == 504
