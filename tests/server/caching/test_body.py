"""A body that grows at one end and is read by many, each at a pace of their own."""

import pytest
import trio
from trio.testing import Sequencer, wait_all_tasks_blocked

from gateway_server.caching.body import AHEAD_BYTES_MAX, JOINED_BYTES_MAX, Body, Reader
from gateway_server.upstream import CallFailedError

ALL = -1


async def all_of(reader: Reader) -> bytes:
    read = b""
    while piece := await reader.read():
        read += piece
    return read


async def test_readers_read_what_is_there_and_what_comes(autojump_clock: trio.abc.Clock) -> None:
    body, got = Body(), dict[str, bytes]()

    async def read(name: str, start: int = 0, end: int = ALL) -> None:
        got[name] = await all_of(body.reader(start, end))

    async with trio.open_nursery() as nursery:
        body.add(b"abc")
        nursery.start_soon(read, "all")
        nursery.start_soon(read, "part", 2, 5)
        await wait_all_tasks_blocked()
        body.add(b"def")
        nursery.start_soon(read, "late")
        await wait_all_tasks_blocked()
        assert got == {"part": b"cde"}
        body.end()
    assert got == {"part": b"cde", "all": b"abcdef", "late": b"abcdef"}
    assert not any(reader.number == 0 for reader in body.readers)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, ALL, b"abcdef"),
        (0, 6, b"abcdef"),
        (1, 3, b"bc"),
        (3, 6, b"def"),
        (6, 6, b""),
        (2, ALL, b"cdef"),
    ],
)
@pytest.mark.parametrize("pieces", [[b"abcdef"], [b"a", b"bc", b"", b"def"]])
async def test_a_part_is_cut_out_of_any_pieces(
    start: int, end: int, expected: bytes, pieces: list[bytes]
) -> None:
    body = Body()
    for piece in pieces:
        body.add(piece)
    body.end()
    reader = body.reader(start, end)
    assert body.whole(start, end) == (expected if len(pieces) == 1 else None)
    assert reader.at_hand
    assert await all_of(reader) == expected
    assert reader.ended
    await reader.aclose()
    assert not body.readers
    assert body.whole(start, end) == expected, "nobody is in the midst of its pieces any more"
    assert await all_of(body.reader(start, end)) == expected


def test_a_body_that_is_here_at_once_is_one_piece() -> None:
    assert Body.of(b"abc").whole(0, ALL) == b"abc"
    assert Body.of(b"").whole(0, ALL) == b""
    growing = Body()
    growing.add(b"abc")
    assert growing.whole(0, ALL) is None


def test_pieces_of_a_large_body_stay_as_they_came() -> None:
    body = Body()
    body.add(b"x" * JOINED_BYTES_MAX)
    body.add(b"y")
    body.end()
    assert body.whole(0, ALL) is None
    assert body.piece(1) == b"y"


async def test_a_body_that_breaks_off_never_ends(autojump_clock: trio.abc.Clock) -> None:
    body = Body()
    body.add(b"abc")
    reader = body.reader(0, ALL)
    assert await reader.read() == b"abc"
    assert not reader.at_hand
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            with pytest.raises(CallFailedError):
                await reader.read()

        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        body.break_off()
    assert reader.at_hand
    assert not reader.ended


def test_a_whole_body_does_not_break() -> None:
    body = Body.of(b"abc")
    body.break_off()
    assert not body.broken


async def test_a_body_that_is_kept_does_not_wait_for_its_readers() -> None:
    body = Body()
    body.reader(0, ALL)
    for _ in range(4):
        body.add(b"x" * AHEAD_BYTES_MAX)
        await body.room()


async def test_a_body_that_passes_through_waits_for_its_slowest_reader(
    autojump_clock: trio.abc.Clock,
) -> None:
    body, steps = Body(), Sequencer()
    slow, quick = body.reader(0, ALL), body.reader(0, ALL)
    body.add(b"x" * AHEAD_BYTES_MAX)
    body.add(b"y")
    body.let_go()
    assert await quick.read() == b"x" * AHEAD_BYTES_MAX
    assert await quick.read() == b"y"
    async with trio.open_nursery() as nursery:

        async def fill() -> None:
            async with steps(0):
                pass
            await body.room()
            async with steps(2):
                body.end()

        nursery.start_soon(fill)
        async with steps(1):
            await wait_all_tasks_blocked()
            assert await slow.read() == b"x" * AHEAD_BYTES_MAX
    assert await slow.read() == b"y"
    assert await slow.read() == b""
    assert not body._pieces, "what all have had is let go of"


async def test_a_reader_that_leaves_holds_nothing_up(autojump_clock: trio.abc.Clock) -> None:
    body = Body()
    slow = body.reader(0, ALL)
    body.let_go()
    body.add(b"x" * (AHEAD_BYTES_MAX + 1))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(body.room)
        await wait_all_tasks_blocked()
        slow.close()
    slow.close()
    await body.room()
