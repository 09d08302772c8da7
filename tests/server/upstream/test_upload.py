"""One request on its way: framed by us, in as few writes as can be, resumed where it stood."""

import pytest
import trio
import trio.testing

from gateway_core.errors import FailureKind
from gateway_core.exchange import Stage
from gateway_core.message import UNKNOWN, UpstreamRequest
from gateway_server.upstream.contract import CallFailedError
from gateway_server.upstream.upload import Upload
from tests.server.upstream.memory import BOUND, MemoryWire
from tests.server.upstream.upstreams import Pieces

HEAD = b"PUT / HTTP/1.1\r\nhost: h\r\n"


class Ledger:
    open = 0


def new_wire() -> MemoryWire:
    return MemoryWire(Ledger())


def new_upload(wire: MemoryWire, *pieces: bytes, length: int, head: int = 0, method: str = "PUT"):
    stages: list[Stage] = []
    fields = ((b"x", b"y" * head),) if head else ()
    request = UpstreamRequest(method, b"/", b"h", fields, length)
    return Upload(request, Pieces(*pieces), stages.append, wire), stages


async def drained(wire: MemoryWire) -> bytes:
    """Take everything, until nobody sends any more."""
    data = b""
    while True:
        with trio.move_on_after(1):
            while not wire.outgoing.data:
                await wire.outgoing.changed.park()
        if not wire.outgoing.data:
            return data
        data += wire.outgoing.take() or b""


def test_a_request_without_a_body_is_one_write() -> None:
    wire = new_wire()
    upload, stages = new_upload(wire, length=0, method="GET")
    assert upload.send_at_once()
    assert upload.whole
    assert stages == [Stage.SENT]
    assert wire.outgoing.take() == b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"


async def test_a_head_that_the_wire_does_not_take_is_sent_on(autojump_clock) -> None:
    wire = new_wire()
    upload, stages = new_upload(wire, length=0, head=3 * BOUND, method="GET")
    assert not upload.send_at_once()
    assert stages == []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(upload.run)
        nursery.start_soon(upload.send_waiting_head)
        assert (await drained(wire)).endswith(b"y" * 3 * BOUND + b"\r\n\r\n")
    assert upload.whole
    assert stages == [Stage.SENT]


def test_a_wire_that_broke_is_found_at_the_first_try() -> None:
    wire = new_wire()
    wire.outgoing.broken = True
    upload, stages = new_upload(wire, length=0, method="GET")
    assert not upload.send_at_once()
    assert upload.broken
    assert upload.written == 0
    assert stages == []


async def test_head_and_first_piece_wait_for_each_other(autojump_clock) -> None:
    wire = new_wire()
    upload, stages = new_upload(wire, b"abc", length=3)
    assert not upload.send_at_once()
    assert stages == [Stage.SENDING]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(upload.send_waiting_head)
        await upload.run()
    assert wire.outgoing.take() == HEAD + b"content-length: 3\r\n\r\nabc"
    assert stages == [Stage.SENDING, Stage.SENT]


async def test_a_slow_first_piece_finds_a_long_head_still_going_out(autojump_clock) -> None:
    """Two tasks have something to send; only one waits for the wire."""
    wire = new_wire()
    upload, _ = new_upload(wire, b"abc", length=3, head=4 * BOUND)
    upload._body.pause = 1
    async with trio.open_nursery() as nursery:
        nursery.start_soon(upload.run)
        nursery.start_soon(upload.send_waiting_head)
        await trio.sleep(2)
        data = await drained(wire)
    assert data.endswith(b"y\r\ncontent-length: 3\r\n\r\nabc")
    assert upload.whole


@pytest.mark.parametrize("length", [2500, UNKNOWN])
async def test_cancelled_anywhere_and_run_again_the_same_goes_out(
    autojump_clock, length: int
) -> None:
    pieces = [b"a" * 1200, b"b" * 1300]

    async def send(patience: float) -> bytes:
        wire = new_wire()
        upload, _ = new_upload(wire, *pieces, length=length)
        upload._body.pause = 0.35
        data = b""
        async with trio.open_nursery() as nursery:

            async def read() -> None:
                nonlocal data
                while not (upload.whole and not wire.outgoing.data):
                    await trio.sleep(0.1)
                    data += wire.outgoing.take() or b""

            nursery.start_soon(read)
            upload.send_at_once()
            while not upload.whole:
                with trio.move_on_after(patience):
                    await upload.run()
        return data

    whole = await send(100)
    assert len(whole) > 2500
    for patience in (0.36, 0.4, 0.5, 0.71):
        assert await send(patience) == whole


async def test_nothing_written_means_all_of_it_moves_to_another_wire(autojump_clock) -> None:
    dead, wire = new_wire(), new_wire()
    dead.outgoing.broken = True
    upload, _ = new_upload(dead, b"abc", length=3)
    upload.send_at_once()
    await upload.run()
    assert (upload.broken, upload.written, upload.body_begun) == (True, 0, True)
    upload.move_to(wire)
    assert not upload.broken
    assert upload.send_at_once()
    assert wire.outgoing.take() == HEAD + b"content-length: 3\r\n\r\nabc"
    assert upload.whole


async def test_a_body_that_was_begun_and_written_moves_nowhere(autojump_clock) -> None:
    wire = new_wire()
    upload, _ = new_upload(wire, b"abc", length=3)
    upload.send_at_once()
    await upload.run()
    with pytest.raises(AssertionError):
        upload.move_to(new_wire())


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"ab"], id="too short"),
        pytest.param([b"abcd"], id="too long"),
        pytest.param([b"ab", b"cd"], id="too long by the second"),
    ],
)
async def test_a_body_of_another_length_is_never_completed(
    autojump_clock, pieces: list[bytes]
) -> None:
    wire = new_wire()
    upload, stages = new_upload(wire, *pieces, length=3)
    upload.send_at_once()
    with pytest.raises(CallFailedError) as failure:
        await upload.run()
    assert failure.value.kind is FailureKind.PROTOCOL
    assert not upload.whole
    assert Stage.SENT not in stages
    assert len((wire.outgoing.take() or b"").partition(b"\r\n\r\n")[2]) < 3


async def test_nobody_is_asked_beyond_the_declared_length(autojump_clock) -> None:
    wire = new_wire()
    upload, _ = new_upload(wire, b"abc", b"more", length=3)
    upload.send_at_once()
    await upload.run()
    assert upload._body.asked == 1
