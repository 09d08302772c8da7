"""A body on its way: read piece by piece, kept as long as it fits, and sent again."""

from collections.abc import Callable

import pytest
import trio

from gateway_core.exchange import Event, RequestBodyRead, RequestBodySent
from gateway_server.request_body import RequestBody, no_body


class Client:
    """Gives `pieces`, then the end; None is a client that left."""

    def __init__(self, *pieces: bytes | None) -> None:
        self.pieces = list(pieces)
        self.reads = 0

    async def read(self) -> bytes | None:
        self.reads += 1
        await trio.lowlevel.checkpoint()
        return self.pieces.pop(0) if self.pieces else b""


def body_of(client: Client, room: int, tell: Callable[[Event], None] = lambda _: None):
    left = []
    body = RequestBody(client, tell, lambda: left.append(True), room)  # type: ignore[arg-type]
    return body, left


async def all_of(read) -> list[bytes]:
    pieces = []
    while piece := await read():
        pieces.append(piece)
    return pieces


async def test_each_piece_is_told_and_handed_on() -> None:
    told: list[Event] = []
    body, _ = body_of(Client(b"ab", b"cde"), 0, told.append)
    assert await all_of(body.begin()) == [b"ab", b"cde"]
    sent = RequestBodySent()
    assert told == [sent, RequestBodyRead(2), sent, RequestBodyRead(3), sent]


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
async def test_it_is_sent_again_from_the_first_byte_however_far_it_was(taken: int) -> None:
    told: list[Event] = []
    client = Client(b"ab", b"cd")
    body, _ = body_of(client, 4, told.append)
    first = body.begin()
    for _ in range(taken):
        await first()
    assert await all_of(body.begin()) == [b"ab", b"cd"]
    assert await all_of(body.begin()) == [b"ab", b"cd"]
    sizes = [event.size for event in told if isinstance(event, RequestBodyRead)]
    assert sizes == [2, 2], "read once, told once"


async def test_what_does_not_fit_is_let_go_of() -> None:
    body, _ = body_of(Client(b"ab", b"cd", b"ef"), 3)
    assert await all_of(body.begin()) == [b"ab", b"cd", b"ef"]
    assert body._kept == []


async def test_a_piece_that_was_read_and_not_handed_on_is_not_lost() -> None:
    with trio.CancelScope() as scope:
        body, _ = body_of(Client(b"ab", b"cd"), 10, lambda _: scope.cancel())
        read = body.begin()
        await read()
    assert await all_of(read) == [b"ab", b"cd"]
    assert await all_of(body.begin()) == [b"ab", b"cd"]


async def test_a_client_that_leaves_is_told() -> None:
    body, left = body_of(Client(b"ab", None), 0)
    assert await all_of(body.begin()) == [b"ab"]
    assert left == [True]


async def test_no_body_is_none() -> None:
    assert await no_body() == b""
