"""The framing inside our generators and the light upstream, without a socket."""

import json
import zlib

import pytest

from bench.open_loop import OpenLoop, complete, percentile
from bench.upstream.light import SMALL_BYTES, Chunks, blob_pieces, small_body

CHUNKED = b"5\r\nhello\r\n3;ext=1\r\n, w\r\n4\r\norld\r\n0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize("step", [1, 2, 3, 7, len(CHUNKED)])
def test_a_chunked_body_is_the_same_however_it_is_cut(step: int) -> None:
    chunks = Chunks()
    body = b""
    for start in range(0, len(CHUNKED), step):
        assert not chunks.done
        body += b"".join(chunks.feed(CHUNKED[start : start + step]))
    assert chunks.done
    assert body == b"hello, world"


def test_a_chunk_size_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(Chunks().feed(b"xyz\r\n"))


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", True, id="length"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\na", False, id="short"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", False, id="head"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            True,
            id="chunked",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
            False,
            id="chunk-to-come",
        ),
    ],
)
def test_the_end_of_an_answer_is_known(data: bytes, whole: bool) -> None:
    assert complete(data) is whole


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_nothing_measured_has_no_percentile() -> None:
    assert percentile([], 0.5) is None


def test_arrivals_are_the_same_for_every_subject_and_as_many_as_asked() -> None:
    first, second = (OpenLoop(1, "/", 200, 1000.0, 2.0) for _ in range(2))
    for loop in (first, second):
        loop.poll.close()
    assert first.schedule == second.schedule
    assert len(first.schedule) == pytest.approx(2000, rel=0.1)
    assert first.schedule == sorted(first.schedule)


def test_the_small_answer_is_1_kib_of_json_that_no_other_run_has() -> None:
    body = small_body("0123456789abcdef")
    assert len(body) == SMALL_BYTES
    assert json.loads(body)["token"] == "0123456789abcdef"
    assert body != small_body("0123456789abcdee")


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_the_blob_is_as_long_as_asked_and_no_two_blocks_are_alike(size: int) -> None:
    pieces = list(blob_pieces(size))
    assert sum(map(len, pieces)) == size
    assert len({zlib.crc32(piece) for piece in pieces}) == len(pieces)
