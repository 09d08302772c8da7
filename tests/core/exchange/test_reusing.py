"""What an exchange does about what the cache says: the moves it makes, and what it takes along."""

from dataclasses import replace

import pytest

from gateway_core.breaking import BreakerRules
from gateway_core.caching import CachePolicy
from gateway_core.clock import NEVER, SECOND, Instant
from gateway_core.exchange import Exchange, Phase, Refresh, RequestArrived, SendStored
from gateway_core.exchange.reusing import Reusing
from gateway_core.message import value
from tests.exchanges import POLICIES, UPSTREAM, get
from tests.lab import Lab, refuses, says


def stale(**said: bytes) -> Lab:
    lab = Lab(CachePolicy(**said))  # type: ignore[arg-type]
    lab.origin = says(cache_control=b"max-age=10, stale-while-revalidate=60", etag=b'"a"')
    lab.get()
    lab.wait(20)
    return lab


def test_a_hit_streams_without_a_call_and_a_304_is_over_at_once() -> None:
    lab = stale()
    hit = Exchange(lab.policies)
    refresh, send = hit.receive(RequestArrived(get(b"/", fields=()), "id"), lab.now)
    assert isinstance(refresh, Refresh)
    assert isinstance(send, SendStored)
    assert hit.phase is Phase.STREAMING
    assert hit.deadline == lab.now + 60 * SECOND
    assert hit.record.attempts == 0
    told = Exchange(lab.policies)
    told.receive(RequestArrived(get(b"/", fields=((b"if-none-match", b'"a"'),)), "id"), lab.now)
    assert told.done
    assert told.deadline == NEVER


def test_what_refreshes_asks_for_itself_and_holds_nothing_of_the_client() -> None:
    lab = stale()
    visit = lab.ask(cookie=b"a=b", range=b"bytes=0-1")
    (background,) = visit.after
    exchange = background.exchange
    assert background.asked is not None
    assert value(background.asked.fields, b"cookie") == b"a=b"
    assert value(background.asked.fields, b"range") is None
    assert exchange.record.request_id == visit.exchange.record.request_id
    lab.answer(background, says(body=b"new"))
    assert exchange.done
    assert len(lab.cache.flights) == 0


def test_where_nobody_may_be_called_what_is_stale_stands_in() -> None:
    lab = Lab()
    lab.origin = says(cache_control=b"max-age=10")
    lab.get()
    lab.wait(20)
    visit = lab.ask()
    lab.answer(visit, refuses)
    assert visit.x_cache == "STALE"


def test_an_exchange_of_no_kind_asks_nobody() -> None:
    with pytest.raises(NotImplementedError):
        Reusing(POLICIES)._ask(Instant(0))


def test_what_is_stale_stands_in_where_a_breaker_is_open() -> None:
    rules = BreakerRules(consecutive_failures=1)
    lab = Lab(upstream=replace(UPSTREAM, breaker=rules))
    lab.origin = says(cache_control=b"max-age=10")
    lab.get()
    lab.wait(20)
    lab.origin = refuses
    lab.get()
    calls = len(lab.requests)
    visit = lab.get()
    assert (visit.status, visit.x_cache) == (200, "STALE")
    assert len(lab.requests) == calls, "nobody was called"
    assert lab.get(b"/other").status == 503
