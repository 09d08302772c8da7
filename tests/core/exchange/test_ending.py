"""However an exchange ends, everything is given back, and its record tells how."""

from gateway_core.caching import CacheNote, CachePolicy
from gateway_core.caching.status import Verdict
from gateway_core.clock import NEVER, Instant
from gateway_core.coalescing import Landing
from gateway_core.exchange import CLIENT_LEFT, Cache, Cut, Phase, Respond
from gateway_core.exchange.ending import Ending
from gateway_core.exchange.refusals import MALFORMED_BODY
from gateway_core.exchange.reuse import Reuse
from gateway_core.message import value
from tests.exchanges import POLICIES, get


def ending(phase: Phase, reuse: Reuse | None = None) -> Ending:
    over = Ending(POLICIES, _head=get(), _reuse=reuse)
    over.phase, over.deadline = phase, Instant(5)
    return over


def test_before_the_answer_a_refusal_is_one_and_afterwards_a_cut() -> None:
    early = ending(Phase.CALLING)
    (respond,) = early._end_early(MALFORMED_BODY)
    assert isinstance(respond, Respond)
    assert (respond.head.status, respond.close) == (400, True)
    assert (early.record.status, early.record.reason) == (400, "malformed-body")
    late = ending(Phase.STREAMING)
    late.record.status = 200
    assert late._end_early(MALFORMED_BODY) == (Cut(),)
    assert (late.record.status, late.record.reason) == (200, "malformed-body")
    assert early.phase is late.phase is Phase.DONE
    assert early.deadline == late.deadline == NEVER
    assert early.head.method == "GET"


def test_what_is_cut_before_it_had_a_status_is_nobodys() -> None:
    cut = ending(Phase.CALLING)
    cut._cut("upstream-broke")
    assert cut.record.status == CLIENT_LEFT


def test_a_flight_that_is_led_lands_at_the_end() -> None:
    cache = Cache()
    flight = cache.flights.lead(b"name", b"url")
    reuse = Reuse(cache, CachePolicy(), get(), b"key", b"url", None, flight=flight)
    over = ending(Phase.CALLING, reuse)
    over._finish(CLIENT_LEFT, "client-left")
    assert flight.landing is Landing.LEFT
    assert over.record.cache == CacheNote(Verdict.BYPASS, reuse.note.forwarded)


def test_a_refusal_tells_what_the_cache_did() -> None:
    reuse = Reuse(Cache(), CachePolicy(), get(), b"key", b"url", None)
    (respond,) = ending(Phase.CALLING, reuse)._refuse(MALFORMED_BODY)
    assert isinstance(respond, Respond)
    assert value(respond.head.fields, b"x-cache") == b"BYPASS"
