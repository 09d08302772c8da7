"""The client's side of a part: a body that is held, bounded."""

import pytest
import trio

from gateway_core.composing import Flaw
from gateway_core.message import UNKNOWN, RequestHead, ResponseHead
from gateway_server.composition import PartClient
from gateway_server.composition.part_client import TooMuchError

HEAD = RequestHead("GET", b"/a", b"h", ())


def client(bytes_max: int = 10, body: bytes = b"") -> PartClient:
    return PartClient(HEAD, body, bytes_max)


async def test_an_answer_is_kept_and_read_once_it_is_complete() -> None:
    part = client()
    await part.inform(ResponseHead(103, (), 0))
    await part.start(ResponseHead(200, ()))
    await part.flush()
    await part.send(b'{"a"')
    assert not part.ended
    await part.end(b":[1]}")
    assert part.ended
    assert part.document == {"a": [1]}
    assert part.size == 9


async def test_a_body_is_sent_whole_and_then_ended() -> None:
    part = client(body=b"{}")
    assert [await part.read() for _ in range(3)] == [b"{}", b"", b""]
    assert part.trailers == ()
    assert not part.refused


@pytest.mark.parametrize("body", [UNKNOWN, 0])
async def test_a_body_larger_than_it_may_be_is_let_go_of_when_it_grows(body: int) -> None:
    """Whatever its head said of its length."""
    part = client()
    await part.start(ResponseHead(200, (), body))
    await part.send(b"x" * 10)
    with pytest.raises(TooMuchError):
        await part.send(b"x")
    assert part.document is Flaw.TOO_LARGE
    assert part._pieces == []


async def test_a_last_piece_counts_too() -> None:
    part = client()
    await part.start(ResponseHead(200, ()))
    with pytest.raises(TooMuchError):
        await part.end(b"x" * 11)
    assert not part.ended


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all() -> None:
    part = client()
    with pytest.raises(TooMuchError):
        await part.start(ResponseHead(200, (), 2**30))
    assert part.document is Flaw.TOO_LARGE


@pytest.mark.parametrize(
    ("coding", "flaw"), [(b"gzip", Flaw.ENCODED), (b"identity", None), (b"", None)]
)
async def test_a_coding_that_nobody_asked_for_is_a_flaw(coding: bytes, flaw: Flaw | None) -> None:
    part = client()
    head = ResponseHead(200, ((b"content-encoding", coding),))
    if flaw is None:
        await part.start(head)
    else:
        with pytest.raises(TooMuchError):
            await part.start(head)
    assert part.flaw is flaw


async def test_nobody_leaves_and_nothing_is_cut(autojump_clock: trio.testing.MockClock) -> None:
    part = client()
    part.cut()
    with trio.move_on_after(1000) as scope:
        await part.watch()
    assert scope.cancelled_caught


async def test_an_answer_that_is_here_whole_is_taken_at_once() -> None:
    part = client()
    assert part.take(ResponseHead(200, ()), b'{"a":[1]}')
    assert part.ended
    assert (part.document, part.size) == ({"a": [1]}, 9)
    part = client()
    assert not part.take(ResponseHead(200, ()), b"x" * 11)
    assert (part.ended, part.document) == (False, Flaw.TOO_LARGE)


async def test_who_leaves_is_heard_before_and_after_somebody_listens() -> None:
    heard: list[str] = []
    part = client()
    part.leave()
    assert part.left
    part = client()
    part.hear(lambda: heard.append("left"))
    part.leave()
    assert (part.left, heard) == (True, ["left"])
