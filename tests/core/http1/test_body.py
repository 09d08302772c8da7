"""Bodies: where they end, what is in them, whatever they are cut into."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.http1 import flaws
from gateway_core.http1.body import Body, ChunkedBody, EndlessBody, SizedBody
from gateway_core.http1.limits import CHUNK_EXTENSION_BYTES_MAX, Limits
from gateway_core.refusal import Refusal
from tests.core.http1.cases import CHUNKED, CHUNKS, Case


def follow(body: Body, pieces: Iterable[bytes]) -> tuple[bytes, int, bool, Refusal | None]:
    payload: list[bytes] = []
    held, consumed = b"", 0
    for piece in pieces:
        if body.ended or body.refusal:
            break
        data = held + piece
        end = body.receive(data, 0, payload)
        consumed += end
        held = data[end:]
    return b"".join(payload), consumed, body.ended, body.refusal


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


def each_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def test_a_sized_body_ends_at_its_last_byte() -> None:
    body = SizedBody(5)
    payload: list[bytes] = []
    assert body.receive(b"xhel", 1, payload) == 4
    assert not body.ended
    assert body.eof() is flaws.INCOMPLETE
    assert body.receive(b"lo, and more", 0, payload) == 2
    assert (body.ended, payload, body.eof(), body.trailers) == (True, [b"hel", b"lo"], None, ())
    assert body.receive(b"more", 0, payload) == 0
    assert len(payload) == 2


def test_a_body_without_an_end_ends_with_its_connection() -> None:
    body = EndlessBody()
    payload: list[bytes] = []
    assert body.receive(b"abc", 3, payload) == 3
    assert body.receive(b"abc", 1, payload) == 3
    assert body.receive(b"abc", 0) == 3
    assert (body.ended, payload) == (False, [b"bc"])
    assert body.eof() is None
    assert (body.ended, body.trailers) == (True, ())


def test_a_piece_that_is_all_payload_is_not_copied() -> None:
    piece = b"x" * 1000
    for body in (SizedBody(2000), EndlessBody(), ChunkedBody(_left=2000)):
        payload: list[bytes] = []
        assert body.receive(piece, 0, payload) == 1000
        assert payload[0] is piece


@pytest.mark.parametrize("case", CHUNKS, ids=lambda case: case.id)
def test_chunks_are_judged_alike_whole_and_byte_by_byte(case: Case) -> None:
    """What is consumed is what may be passed on; the payload never depends on the pieces."""
    sent = case.sent.removeprefix(CHUNKED)
    body, twin = ChunkedBody(), ChunkedBody()
    whole = follow(body, [sent])
    assert follow(twin, each_byte(sent)) == whole
    _, consumed, ended, refusal = whole
    assert consumed == len(case.passed) - len(CHUNKED) if case.messages < 2 else ended
    assert (refusal.reason if refusal else "") == case.reason
    assert ended == (case.status is None)
    assert body.trailers == twin.trailers
    assert body.eof() is (None if ended else flaws.INCOMPLETE)


def test_payload_and_trailers_are_handed_out() -> None:
    sent = b"5;x\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum:  1 \r\nx-sum: 2\r\n\r\nGET"
    body = ChunkedBody()
    assert follow(body, [sent]) == (b"hello world", len(sent) - 3, True, None)
    assert body.trailers == ((b"x-sum", b"1"), (b"x-sum", b"2"))


def test_nothing_is_handed_out_to_who_only_asks_how_far() -> None:
    assert ChunkedBody().receive(b"5\r\nhello\r\n0\r\n\r\nGET", 0) == 15


def test_trailers_are_bounded_in_number() -> None:
    body = ChunkedBody(Limits(fields_max=1))
    assert follow(body, [b"0\r\nA: b\r\nC: d\r\n\r\n"])[3] is flaws.TOO_MANY_FIELDS


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    st.sampled_from([b"", b";a=b", b';c="d;e"']),
    st.lists(st.integers(0, 30), max_size=30),
)
def test_what_was_chunked_is_found_again(
    chunks: list[bytes], extension: bytes, sizes: list[int]
) -> None:
    sent = b"".join(b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in chunks)
    sent += b"0\r\nA: b\r\n\r\n"
    body = ChunkedBody()
    assert follow(body, cut(sent, sizes)) == (b"".join(chunks), len(sent), True, None)
    assert body.trailers == ((b"a", b"b"),)


FRAGMENTS = [b"\r\n", b"\r", b"\n", b"0", b"1", b"a", b"5", b";", b" ", b"\0", b"X: y", b"hello"]
FRAGMENTS += [b"0" * 17, b"1;" + b"x" * CHUNK_EXTENSION_BYTES_MAX, b"1\r\nx\r\n", b"0\r\n"]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12), st.lists(st.integers(0, 30), max_size=20))
def test_any_bytes_are_judged_alike_whatever_they_are_cut_into(
    pieces: list[bytes], sizes: list[int]
) -> None:
    sent = b"".join(pieces)
    whole = follow(ChunkedBody(), [sent])
    assert follow(ChunkedBody(), cut(sent, sizes)) == whole
    assert follow(ChunkedBody(), each_byte(sent)) == whole
