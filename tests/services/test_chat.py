"""The chat room, asked directly."""

import pytest
import trio
from trio_websocket import ConnectionClosed

from services import chat
from services.service_b import app


@pytest.fixture
async def connect(start, open_websocket):
    """Give an opener of seats in the room."""
    port = await start(app)
    return lambda **options: open_websocket(port, "/chat/ws", **options)


async def seated(count: int) -> None:
    with trio.fail_after(5):
        while len(chat.room) < count:
            await trio.sleep(0.005)


async def test_everybody_hears_what_anybody_says(connect) -> None:
    async with connect() as ada, connect() as bob:
        await seated(2)
        await ada.send_message("Ada: hello")
        assert await ada.get_message() == await bob.get_message() == "Ada: hello"
        await bob.send_message("Bob: hi")
        assert await ada.get_message() == await bob.get_message() == "Bob: hi"


async def test_who_leaves_is_forgotten(connect) -> None:
    async with connect():
        await seated(1)
    with trio.fail_after(5):
        while len(chat.room):
            await trio.sleep(0.005)


async def test_who_talks_too_long_is_closed_with_1009(connect) -> None:
    async with connect() as ada:
        await ada.send_message("x" * (chat.WORDS_MAX + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await ada.get_message()
    assert (closed.value.reason.code, closed.value.reason.reason) == (1009, "be brief")


class Deaf:
    """A socket whose sends never end, as one whose client reads nothing."""

    def __init__(self) -> None:
        self.closed = trio.Event()
        self.code = 0

    async def accept(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_text(self) -> str:
        await trio.sleep_forever()
        raise AssertionError

    async def send_text(self, words: str) -> None:
        await trio.sleep(1)

    async def close(self, code: int, reason: str) -> None:
        self.code = code
        self.closed.set()


async def test_who_does_not_listen_is_asked_to_leave_and_costs_nobody_anything(
    nursery, autojump_clock
) -> None:
    room, deaf = chat.Room(), Deaf()
    nursery.start_soon(room.seat, deaf)
    await trio.sleep(0.1)
    for number in range(chat.WAITING_MAX + 5):
        room.say(str(number))
    assert len(room) == 0
    await deaf.closed.wait()
    assert deaf.code == 1013
    nursery.cancel_scope.cancel()
