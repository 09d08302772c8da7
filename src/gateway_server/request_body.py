"""The body of a request on its way to an upstream, and to the next one if that one fails.

What was handed on is kept as long as it fits; beyond, it is let go of and the request cannot
be sent again, which the exchange knows from the same counts. A replay is short, so that nothing
is told of it: the upstream has one `idle_timeout` for all of it.
"""

from collections.abc import Callable

import trio

from gateway_core.exchange import Event, RequestBodyRead, RequestBodySent

from .downstream import Downstream
from .upstream import BodyReader


class RequestBody:
    """Reads from `client`, tells how far it is, and keeps up to `room` bytes of what it read."""

    def __init__(
        self,
        client: Downstream,
        tell: Callable[[Event], None],
        client_left: Callable[[], None],
        room: int,
    ) -> None:
        self._client = client
        self._tell = tell
        self._client_left = client_left
        self._room = room
        self._kept: list[bytes] = []
        self._overflown = room == 0
        self._held = b""
        """A piece that was read, and not handed on."""

    def begin(self) -> BodyReader:
        """Return the body from its first byte. Of the one returned before, nobody asks any more."""
        again = iter(tuple(self._kept))

        async def read() -> bytes:
            return next(again, b"") or await self._read_on()

        return read

    @property
    def let_go(self) -> bool:
        """Whether nothing is kept, nor will be, and what comes next is the client's to give."""
        return self._overflown and not self._held

    async def _read_on(self) -> bytes:
        if not self._held:
            self._tell(RequestBodySent())
            piece = await self._client.read()
            if piece is None:
                self._client_left()
            elif piece:
                self._tell(RequestBodyRead(len(piece)))
            self._held = piece or b""
        # Where that was too much, the call is cancelled here, before the bytes go on.
        await trio.lowlevel.checkpoint_if_cancelled()
        piece, self._held = self._held, b""
        if piece and not self._overflown:
            self._keep(piece)
        return piece

    def _keep(self, piece: bytes) -> None:
        self._room -= len(piece)
        self._overflown = self._room < 0
        if self._overflown:
            self._kept.clear()
        else:
            self._kept.append(piece)


async def no_body() -> bytes:
    """Be the body of a request that has none."""
    return b""
