"""The short road of a plain hit comes to what the long one would come to, or is not taken."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching import CachePolicy
from gateway_core.caching.entry import Entry, Lifetime
from gateway_core.clock import SECOND, Instant
from gateway_core.compressing import Compression
from gateway_core.exchange import Admission, Cache, SendStored
from gateway_core.exchange.hitting import plain_hit
from gateway_core.exchange.keyed import reuse_of
from gateway_core.exchange.outcomes import Serve
from gateway_core.exchange.reuse import Reuse
from gateway_core.exchange.serving import request_id_line, sending
from gateway_core.forwarding import Client
from gateway_core.message import UNKNOWN, RequestHead
from gateway_core.routing import Match, Pattern, Route
from tests.core.caching.entries import entry
from tests.lab import Lab, says

ROUTE = Route("r", Pattern.prefix("/"), "u")
LIMITED = ((b"ratelimit", b'"a";r=1'),)


def admission(**changes) -> Admission:
    match = Match(ROUTE, b"/p", b"/p", {}, b"a")
    return replace(Admission(Client("192.0.2.1", "http", b"a", ()), match), **changes)


def asking(admitted: Admission, *fields: tuple[bytes, bytes], method: str = "GET") -> Reuse:
    head = RequestHead(method, b"/p", b"a", ((b"host", b"a"), *fields))
    return reuse_of(head, admitted, Cache(), CachePolicy())


def by_the_long_road(found: Entry, reuse: Reuse, admitted: Admission, now: Instant) -> SendStored:
    reuse.cache.store.put(replace(found, key=reuse.key))
    serve = reuse.look_up(now)
    assert isinstance(serve, Serve)
    assert serve.refresh is None
    answer = reuse.answer(serve, now, request_id_line("id"))
    sent = sending(serve, answer._replace(head=admitted.told_on(answer.head)))
    assert isinstance(sent, SendStored)
    return sent


@given(
    fresh=st.integers(0, 100),
    age=st.integers(0, 100),
    since=st.integers(0, 100 * SECOND),
    status=st.sampled_from([200, 203, 301, 404, 410]),
    length=st.sampled_from([UNKNOWN, 0, 1, 10]),
    no_cache=st.booleans(),
    limited=st.booleans(),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_both_roads_come_to_one_answer(
    fresh: int, age: int, since: int, status: int, length: int,
    no_cache: bool, limited: bool, method: str,
) -> None:  # fmt: skip
    found = entry(
        status=status, lifetime=Lifetime(fresh), initial_age=age, length=length, no_cache=no_cache
    )
    admitted, now = admission(fields=LIMITED if limited else ()), Instant(since)
    reuse = asking(admitted, method=method)
    twin = copy.deepcopy(reuse)
    sent = plain_hit(found, reuse, admitted, "id", now)
    left = fresh - age - since // SECOND
    assert (sent is not None) == (left > 0 and length > 0 and not no_cache and method == "GET")
    if sent is None:
        assert reuse == twin, "who does not answer leaves no trace"
    else:
        assert sent == by_the_long_road(found, twin, admitted, now)
        assert reuse.note == twin.note
        assert reuse.note.ttl == left


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param(b"cache-control", b"no-cache", id="5.2.1.4 no-cache"),
        pytest.param(b"cache-control", b"max-age=1", id="5.2.1.1 max-age"),
        pytest.param(b"if-none-match", b'"a"', id="9110, 13.1.2 a condition"),
        pytest.param(b"range", b"bytes=0-1", id="9110, 14.2 a range"),
        pytest.param(b"authorization", b"Basic x", id="3.5 credentials"),
        pytest.param(b"x-original-url", b"/q", id="a field that renames what is asked for"),
    ],
)
def test_whoever_asks_for_more_takes_the_long_road(field: bytes, value: bytes) -> None:
    assert (
        plain_hit(entry(), asking(admission(), (field, value)), admission(), "id", Instant(0))
        is None
    )


def test_what_an_answer_loses_to_ours_is_for_the_long_road_to_take_off() -> None:
    admitted = admission(replaces=frozenset({b"x-a"}))
    assert plain_hit(entry(), asking(admitted), admitted, "id", Instant(0)) is None


def test_what_is_compressed_on_its_way_is_so_where_it_was_stored() -> None:
    rule = Compression(codings=("gzip",), types=("text/plain",), size_min=1)
    lab = Lab(compressions={"r": rule})
    lab.origin = says(body=b"x" * 2000, cache_control=b"max-age=60", content_type=b"text/plain")
    lab.get(accept_encoding=b"gzip")
    hit = lab.get(accept_encoding=b"gzip")
    assert (hit.x_cache, hit.field(b"content-encoding")) == ("HIT", b"gzip")


def test_a_hit_counts_as_one_use_of_what_is_stored() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=60")
    lab.get()
    (place,) = lab.cache.store._order._places.values()
    lab.get()
    assert place.uses == 1
    lab.get(range=b"bytes=0-1")
    assert place.uses == 2
