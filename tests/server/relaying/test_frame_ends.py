"""Upstreams on the frame road: what is read of them, and what they do not take at once."""

import pytest
import trio

from gateway_core.frames import UPSTREAM, Close, CloseCame, FrameReader, FramesCame
from gateway_server.relaying.frame_ends import UpstreamFrames
from tests.core.frames.writing import close, frame, text
from tests.server.relaying.wires import FakeWire, Looker


def end(wire: FakeWire, early: bytes = b"") -> UpstreamFrames:
    return UpstreamFrames(wire, FrameReader(UPSTREAM), early, write_timeout=10)


async def test_what_came_with_the_handshake_is_told_first(autojump_clock) -> None:
    wire = FakeWire()
    upstream = end(wire, text(b"early", UPSTREAM))
    assert upstream.next() == FramesCame(UPSTREAM, 1, 0, 5, whole=True)
    assert upstream.take() == text(b"early", UPSTREAM)
    wire.came.append(close(1000, b"", UPSTREAM))
    looker = Looker()
    assert await upstream.read(looker), "what is there already is not waited for"
    assert looker.saw == [CloseCame(UPSTREAM, Close(1000))]


@pytest.mark.parametrize("how", ["ends", "breaks", "is closed"])
async def test_a_wire_that_is_over_gives_nothing_more(nursery, autojump_clock, how: str) -> None:
    wire = FakeWire()
    upstream = end(wire)

    async def later() -> None:
        await trio.sleep(1)
        if how == "ends":
            wire.comes(b"")
        elif how == "breaks":
            wire.broken = True
            wire.change()
        else:
            wire.close()

    nursery.start_soon(later)
    assert not await upstream.read(Looker())


async def test_what_is_not_taken_at_once_is_pushed(nursery, autojump_clock) -> None:
    wire = FakeWire()
    wire.room = 3
    upstream = end(wire)
    rest = upstream.put(b"abcdef")
    assert rest == b"def"

    async def later() -> None:
        for _ in range(3):
            await trio.sleep(9)
            wire.gives_room(1)

    nursery.start_soon(later)
    await upstream.push(rest)
    assert wire.sent == b"abcdef"
    assert trio.current_time() == pytest.approx(27)
    assert upstream.put(b"") is None


async def test_a_wire_that_holds_what_it_took_is_flushed(nursery, autojump_clock) -> None:
    wire = FakeWire()
    wire.room, wire.holds = 3, True
    upstream = end(wire)
    rest = upstream.put(b"abcdef")
    assert rest is not None
    nursery.start_soon(upstream.push, rest)
    await trio.sleep(1)
    wire.gives_room(10)
    await trio.sleep(1)
    assert wire.sent == b"abcdef"


@pytest.mark.parametrize("how", ["stalls", "breaks", "is closed"])
async def test_a_wire_that_takes_no_more_fails_the_push(nursery, autojump_clock, how: str) -> None:
    wire = FakeWire()
    wire.room = 0
    upstream = end(wire)
    rest = upstream.put(b"abc")
    assert rest == b"abc"
    if how == "breaks":
        wire.broken = True
        assert upstream.put(b"abc") == b"abc"
    elif how == "is closed":
        nursery.start_soon(lambda: _close(wire))
    with pytest.raises(OSError, match=r"no more|meanwhile|^$"):
        await upstream.push(rest)


async def _close(wire: FakeWire) -> None:
    await trio.sleep(1)
    wire.close()


def test_what_we_say_ourselves_is_masked_each_time_anew() -> None:
    upstream = end(FakeWire())
    one, two = upstream.close_load(Close(1000)), upstream.close_load(Close(1000))
    assert one[:2] == two[:2] == bytes([0x88, 0x82])
    assert one[2:6] != two[2:6]
    assert upstream.ping_load(b"tag")[:2] == bytes([0x89, 0x83])


def test_letting_go_closes_the_wire() -> None:
    for how in ("hang_up", "cut"):
        wire = FakeWire()
        getattr(end(wire), how)()
        assert wire.closed


def test_a_frame_of_a_server_is_not_masked() -> None:
    assert frame(1, b"x", UPSTREAM) == b"\x81\x01x"
