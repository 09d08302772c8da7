"""From what the cache says to what is commanded."""

from gateway_core.caching import CachePolicy
from gateway_core.caching.answering import Answer
from gateway_core.caching.ranges import Span
from gateway_core.clock import seconds
from gateway_core.exchange import Cache, KeepBody, Respond, SendStored
from gateway_core.exchange.outcomes import Keep, Serve
from gateway_core.exchange.reuse import Reuse
from gateway_core.exchange.serving import keeping, request_id_line, sending
from gateway_core.message import ResponseHead
from tests.core.caching.entries import ENTRY
from tests.exchanges import get

REUSE = Reuse(Cache(), CachePolicy(max_entry=77), get(), b"key", b"url", None)
HEAD = ResponseHead(200, (), 10)


def test_a_new_answer_is_read_in_and_a_stored_one_is_not() -> None:
    assert keeping(Keep(ENTRY), REUSE, seconds(60)) == (KeepBody(ENTRY.body, 77, seconds(60)),)
    assert keeping(Serve(ENTRY, 0), REUSE, seconds(60)) == ()


def test_a_part_of_a_body_is_sent_behind_its_head() -> None:
    sent = sending(Serve(ENTRY, 0), Answer(HEAD, Span(2, 5)))
    assert sent == SendStored(HEAD, ENTRY.body, 2, 5)


def test_an_answer_without_a_body_is_over_at_once() -> None:
    sent = sending(Serve(ENTRY, 0), Answer(HEAD, None))
    assert sent == Respond(HEAD, b"", close=False)


def test_each_answer_bears_its_own_request_id() -> None:
    assert request_id_line("abc") == ((b"x-request-id", b"abc"),)
