"""The server's half of the codec: what the judge passes, decoded; whole and byte by byte alike."""

import random
from itertools import pairwise

import pytest

from fuzz.fuzz_http1 import requests as decode
from gateway_core.http1.flaws import INCOMPLETE
from gateway_core.http1.judge import RequestJudge
from gateway_core.http1.request import Phase, RequestDecoder
from gateway_core.http1.request_head import ParsedRequest
from gateway_core.message import UNKNOWN
from gateway_core.refusal import Refusal
from tests.core.http1.cases import CASES, CHUNKED, GET, Case, get, post


def is_tunnel(case: Case) -> bool:
    judge = RequestJudge()
    judge.receive(case.sent)
    return judge.wants_upgrade or case.reason == "upgrade-with-body"


PLAIN = [case for case in CASES if not is_tunnel(case)]


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.id)
def test_it_refuses_what_the_judge_refuses_and_reads_as_many_messages(case: Case) -> None:
    messages, refusal = decode([case.sent])
    assert len(messages) == case.messages
    assert (refusal.status if refusal else None) == case.status
    if refusal:
        assert refusal.reason == case.reason


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.id)
def test_the_pieces_that_it_comes_in_change_nothing(case: Case) -> None:
    whole = decode([case.sent])
    if len(case.sent) < 3000:
        assert decode([bytes([byte]) for byte in case.sent]) == whole
    dice = random.Random(len(case.sent))
    for _ in range(5):
        cuts = sorted(dice.randrange(len(case.sent) + 1) for _ in range(6))
        edges = [0, *cuts, len(case.sent)]
        assert decode([case.sent[a:b] for a, b in pairwise(edges)]) == whole


def test_pipelined_requests_wait_for_their_turn() -> None:
    decoder = RequestDecoder()
    decoder.receive(post(b"Content-Length: 3", body=b"abc") + GET)
    first = decoder.next_head()
    assert first is not None
    assert not isinstance(first, Refusal)
    assert (first.method, first.body) == ("POST", 3)
    assert decoder.waiting == 3 + len(GET)
    assert decoder.next_piece() == b"abc"
    assert decoder.next_piece() == b""
    assert decoder.next_piece() == b"", "the end stays the end"
    assert decoder.phase is Phase.AT_REST
    second = decoder.next_head()
    assert not isinstance(second, Refusal)
    assert second is not None
    assert second.method == "GET"
    assert decoder.waiting == 0


def test_a_body_comes_as_it_came() -> None:
    decoder = RequestDecoder()
    decoder.receive(CHUNKED + b"3\r\nabc\r\n")
    head = decoder.next_head()
    assert not isinstance(head, Refusal)
    assert head is not None
    assert head.body == UNKNOWN
    assert decoder.next_piece() == b"abc"
    assert decoder.next_piece() is None
    decoder.receive(b"2\r\nde\r\n2\r\nfg\r\n0\r\nX-T: 1\r\n\r\n")
    assert [decoder.next_piece() for _ in range(3)] == [b"de", b"fg", b""]
    assert decoder.trailers == ((b"x-t", b"1"),)


def test_a_head_that_is_begun_is_known_to_be() -> None:
    decoder = RequestDecoder()
    assert decoder.next_head() is None
    assert not decoder.begun
    decoder.receive(b"GET / HT")
    assert decoder.next_head() is None
    assert decoder.begun
    assert decoder.waiting == 8
    assert decoder.eof() is INCOMPLETE
    assert decoder.offending == b"GET / HT"


def test_what_is_behind_an_upgrade_is_handed_over() -> None:
    decoder = RequestDecoder()
    decoder.receive(get(b"Upgrade: websocket", b"Connection: upgrade") + b"\x81\x80")
    decoder.next_head()
    assert decoder.take_rest() == b"\x81\x80"
    assert decoder.take_rest() == b""


def test_behind_connection_close_nothing_is_read() -> None:
    decoder = RequestDecoder()
    decoder.receive(get(b"Connection: close") + GET)
    decoder.next_head()
    assert decoder.phase is Phase.LAST


def test_an_end_between_messages_is_no_flaw() -> None:
    decoder = RequestDecoder()
    decoder.receive(GET)
    decoder.next_head()
    assert decoder.eof() is None


def test_an_end_inside_a_body_is_one() -> None:
    decoder = RequestDecoder()
    decoder.receive(post(b"Content-Length: 3", body=b"ab"))
    decoder.next_head()
    assert decoder.next_piece() == b"ab"
    assert decoder.eof() is INCOMPLETE


POST = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "skipped"),
    [
        pytest.param(GET, True, id="no body"),
        pytest.param(POST + b"body", True, id="a body that is here"),
        pytest.param(POST + b"bo", False, id="a body of which more is to come"),
        pytest.param(POST + b"body" + GET, True, id="a body, and another request"),
        pytest.param(
            GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), False, id="the last request"
        ),
        pytest.param(
            POST.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked") + b"zz\r\n",
            False,
            id="a body that is none",
        ),
    ],
)
def test_what_nobody_read_of_a_body_is_passed_over(sent: bytes, skipped: bool) -> None:
    decoder = RequestDecoder()
    decoder.receive(sent)
    assert isinstance(decoder.next_head(), ParsedRequest)
    assert decoder.skip_body() is skipped
    if sent.endswith(b"body" + GET):
        request = decoder.next_head()
        assert isinstance(request, ParsedRequest)
        assert request.method == "GET"


def test_pieces_that_were_not_asked_for_are_passed_over() -> None:
    decoder = RequestDecoder()
    decoder.receive(POST.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked"))
    decoder.next_head()
    decoder.receive(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    assert decoder.next_piece() == b"a"
    assert decoder.skip_body()
    assert decoder.waiting == 0


def test_a_sized_body_may_pass_unseen_once_what_came_was_taken() -> None:
    decoder = RequestDecoder()
    assert decoder.unseen == 0, "no head, no body"
    decoder.receive(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123")
    assert decoder.next_head() is not None
    assert decoder.unseen == 0, "three bytes are here, and to be shown"
    assert decoder.next_piece() == b"123"
    assert decoder.unseen == 7
    decoder.passed(6)
    assert (decoder.unseen, decoder.next_piece()) == (1, None)
    decoder.passed(1)
    assert (decoder.unseen, decoder.next_piece()) == (0, b"")
    decoder.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert decoder.next_head() is not None


def test_an_upload_that_ends_before_all_of_it_passed_is_incomplete() -> None:
    decoder = RequestDecoder()
    decoder.receive(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
    assert decoder.next_head() is not None
    decoder.passed(9)
    assert decoder.eof() is INCOMPLETE


def test_an_upload_in_chunks_is_to_be_seen() -> None:
    decoder = RequestDecoder()
    decoder.receive(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert decoder.next_head() is not None
    assert decoder.unseen == 0
