"""What is passed on of a client's bytes, and what of it h11 makes behind us."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_core.http1 import flaws
from gateway_core.http1.judge import (
    NOTHING,
    OFFENDING_BYTES_MAX,
    Judged,
    Phase,
    RequestJudge,
    asks_for_websocket,
)
from gateway_core.http1.limits import Limits
from gateway_core.http1.request_head import ParsedRequest, parse_request_head
from tests.core.http1.cases import CASES, CHUNKED, GET, HEAD_MAX, Case, get, http10, post
from tests.core.http1.reading import by_h11, by_us
from tests.core.http1.stricter import LENIENCE_OF_H11, LOOSER_THAN_H11


def outcome(pieces: list[bytes]) -> tuple[object, ...]:
    judge = RequestJudge()
    passed, refusal = b"", None
    for piece in pieces:
        judged = judge.receive(piece)
        assert not (refusal and judged != NOTHING), "nothing passes behind a refusal"
        passed += judged.passed
        refusal = refusal or judged.refusal
    end = judge.eof()
    assert not (refusal and end), "one refusal is enough"
    return (
        passed,
        refusal or end,
        judge.phase,
        judge.messages_begun,
        judge.messages_ended,
        judge.request,
        judge.refused_in_body,
        judge.wants_upgrade,
    )


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case(case: Case) -> None:
    passed, refusal, phase, begun, ended, *_ = outcome([case.sent])
    assert passed == case.passed
    assert (refusal.status, refusal.reason) == (case.status, case.reason) if refusal else True
    assert (refusal is None) == (case.status is None)
    assert (phase is Phase.REFUSED) == (case.status is not None)
    assert ended == case.messages
    assert begun == ended + (case.status is not None or phase is Phase.TUNNEL)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_byte_by_byte(case: Case) -> None:
    pieces = [case.sent[at : at + 1] for at in range(len(case.sent))]
    assert outcome(pieces) == outcome([case.sent])


@given(
    st.lists(st.sampled_from([case.sent for case in CASES if len(case.sent) < 3000]), max_size=3),
    st.lists(st.integers(0, 60), max_size=40),
)
def test_cases_behind_each_other_in_any_pieces(streams: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(streams)
    assert outcome(cut(stream, sizes)) == outcome([stream])


ATOMS = [b"GET", b"POST", b" ", b"/", b"HTTP/1.1", b"HTTP/1.0", b"\r\n", b"\r", b"\n", b"\0"]
ATOMS += [b"Host: h\r\n", b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n"]
ATOMS += [b"GET / HTTP/1.1\r\n", b"0\r\n\r\n", b"1\r\nx\r\n", b"X: y\r\n", b"x", b":", b"#", b";"]
ATOMS += [b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: websocket\r\n", GET, CHUNKED]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(ATOMS), max_size=16), st.lists(st.integers(0, 20), max_size=30))
def test_any_stream_in_any_pieces(atoms: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(atoms)
    whole = outcome([stream])
    assert outcome(cut(stream, sizes)) == whole
    assert outcome([stream[at : at + 1] for at in range(len(stream))]) == whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_h11_accepts_what_passes_and_reads_the_same(case: Case) -> None:
    h11s = by_h11(case.passed)
    assert not h11s.refused
    assert h11s == by_us(case.passed)


def test_every_place_where_we_are_stricter_than_h11_is_listed() -> None:
    refused = [case for case in CASES if case.status and case.reason != "incomplete-message"]
    listed = [id for ids in LENIENCE_OF_H11.values() for id in ids]
    assert {case.id for case in refused if not by_h11(case.sent).refused} == set(listed)
    assert len(listed) == len(set(listed))


def test_what_h11_refuses_we_refuse_but_for_what_is_listed() -> None:
    taken = [case for case in CASES if case.status is None]
    assert {case.id for case in taken if by_h11(case.sent).refused} == LOOSER_THAN_H11


@settings(max_examples=300)
@given(st.lists(st.sampled_from(ATOMS), max_size=16))
def test_h11_reads_the_same_in_any_stream(atoms: list[bytes]) -> None:
    passed = outcome([b"".join(atoms)])[0]
    assert isinstance(passed, bytes)
    h11s = by_h11(passed)
    assert not h11s.refused
    assert h11s == by_us(passed)


def test_a_head_passes_only_once_it_is_complete() -> None:
    judge = RequestJudge()
    assert judge.phase is Phase.IDLE
    assert judge.receive(GET[:-1]) == NOTHING
    assert (judge.phase, judge.buffered, judge.messages_begun) == (Phase.HEAD, len(GET) - 1, 1)
    assert judge.receive(GET[-1:]) == Judged(GET)
    assert (judge.phase, judge.buffered, judge.messages_ended) == (Phase.IDLE, 0, 1)
    assert judge.request == parse_request_head(GET)


def test_payload_passes_at_once_and_a_chunks_line_once_it_is_complete() -> None:
    judge = RequestJudge()
    assert judge.receive(CHUNKED + b"5") == Judged(CHUNKED)
    assert (judge.phase, judge.buffered) == (Phase.BODY, 1)
    assert judge.receive(b"\r") == NOTHING
    assert judge.receive(b"\nhel") == Judged(b"5\r\nhel")
    assert judge.receive(b"lo\r\n0") == Judged(b"lo")
    assert judge.receive(b"\r\n") == Judged(b"\r\n0\r\n")
    assert judge.receive(b"\r\n") == Judged(b"\r\n")
    assert (judge.phase, judge.messages_ended) == (Phase.IDLE, 1)


def test_a_body_passes_without_being_copied() -> None:
    judge = RequestJudge()
    judge.receive(post(b"Content-Length: 3000"))
    piece = b"x" * 1000
    assert judge.receive(piece).passed is piece


def test_a_refusal_in_a_body_says_that_its_head_is_gone() -> None:
    judge = RequestJudge()
    judge.receive(CHUNKED)
    assert judge.receive(b"5\r\nhello!") == Judged(b"5\r\nhello", flaws.BAD_CHUNK_END)
    assert (judge.refused_in_body, judge.messages_begun, judge.messages_ended) == (True, 1, 0)
    assert judge.request is not None
    assert judge.receive(GET) == NOTHING
    assert judge.eof() is None


def test_a_stream_that_ends_in_a_body_ends_behind_its_head() -> None:
    judge = RequestJudge()
    judge.receive(post(b"Content-Length: 3"))
    assert judge.eof() is flaws.INCOMPLETE
    assert judge.refused_in_body


def test_a_refusal_in_a_head_keeps_its_beginning_for_the_log() -> None:
    judge = RequestJudge()
    judge.receive(b"GET /secret HTTP/1.1\r\nX: y")
    assert judge.receive(b"\nZ") == Judged(b"", flaws.BARE_LINE_FEED)
    assert judge.offending == b"GET /secret HTTP/1.1"
    assert (judge.request, judge.refused_in_body, judge.buffered) == (None, False, 0)


LONG = b"/" + b"a" * 300


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        pytest.param(get(b"A: \0"), b"GET / HTTP/1.1", id="no fields"),
        pytest.param(get(b"\0").replace(b"/", b"/a?key=secret", 1), b"GET /a", id="no query"),
        pytest.param(get(b"\0").replace(b"/", b"http://u:p@h/", 1), b"GET", id="no user info"),
        pytest.param(
            get(b"\0").replace(b"/", LONG, 1), (b"GET " + LONG)[:OFFENDING_BYTES_MAX], id="not all"
        ),
        pytest.param(
            get(b"Connection: upgrade", b"Upgrade: websocket", b"Content-Length: 1"),
            b"GET / HTTP/1.1",
            id="an upgrade with a body",
        ),
        pytest.param(get()[:-1], b"GET / HTTP/1.1", id="incomplete"),
        pytest.param(b"\n", b"", id="an empty line"),
    ],
)
@pytest.mark.parametrize("first", [1, 40, 10**9])
def test_what_is_kept_for_the_log_is_bounded_and_no_secret(
    sent: bytes, shown: bytes, first: int
) -> None:
    judge = RequestJudge()
    refusals = [judge.receive(sent[:first]).refusal, judge.receive(sent[first:]).refusal]
    assert [flaw for flaw in [*refusals, judge.eof()] if flaw]
    assert judge.offending == shown


def test_a_tunnel_passes_everything_and_ends_without_a_flaw() -> None:
    judge = RequestJudge()
    shake = get(b"Connection: upgrade", b"Upgrade: websocket")
    assert judge.receive(shake + b"\x81") == Judged(shake + b"\x81")
    assert (judge.phase, judge.wants_upgrade, judge.messages_ended) == (Phase.TUNNEL, True, 0)
    assert judge.receive(b"\0\n\n") == Judged(b"\0\n\n")
    assert judge.eof() is None


def test_behind_the_last_message_nothing_passes_and_nothing_is_refused() -> None:
    judge = RequestJudge()
    judge.receive(http10())
    assert judge.phase is Phase.LAST
    assert judge.receive(b"\0" * 100) == NOTHING
    assert (judge.buffered, judge.eof()) == (0, None)


@pytest.mark.parametrize(
    "begin", [b"", b"GET / HTTP/1.1\r\nX: ", CHUNKED, CHUNKED + b"1;", CHUNKED + b"0\r\nX: "]
)
def test_what_is_held_is_bounded(begin: bytes) -> None:
    judge = RequestJudge()
    judge.receive(begin)
    most, refused = 0, False
    for _ in range(200):
        refused = judge.receive(b"a" * 1000).refusal is not None or refused
        most = max(most, judge.buffered)
    assert refused
    assert most <= HEAD_MAX + 1000


def test_limits_are_those_given() -> None:
    judge = RequestJudge(Limits(fields_max=1))
    assert judge.receive(CHUNKED) == Judged(b"", flaws.TOO_MANY_FIELDS)
    judge = RequestJudge(Limits(fields_max=2))
    assert judge.receive(CHUNKED + b"0\r\n" + b"A: b\r\n" * 3).refusal is flaws.TOO_MANY_FIELDS


def test_a_copy_told_the_same_judges_the_same() -> None:
    for case in CASES:
        judge = RequestJudge()
        judge.receive(case.sent[: len(case.sent) // 2])
        twin = copy.deepcopy(judge)
        assert twin == judge
        assert judge.receive(case.sent[len(case.sent) // 2 :]) == twin.receive(
            case.sent[len(case.sent) // 2 :]
        )
        assert twin == judge


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"Connection: upgrade", b"Upgrade: websocket"], True),
        ([b"Connection: a,Upgrade ,b", b"Upgrade: WEBSOCKET"], True),
        ([b"Connection: upgrade", b"Upgrade: websocket, h2c"], False),
        ([b"Connection: upgrades", b"Upgrade: websocket"], False),
        ([b"Connection: upgrade"], False),
        ([b"Upgrade: websocket"], False),
        ([], False),
    ],
)
def test_a_handshake_is_what_hypercorn_takes_for_one(lines: list[bytes], expected: bool) -> None:
    request = parse_request_head(get(*lines))
    assert isinstance(request, ParsedRequest)
    assert asks_for_websocket(request) == expected
    assert not asks_for_websocket(replace(request, method="POST"))
