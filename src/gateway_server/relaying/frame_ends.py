"""The frame road: both ends are wires, and a load is the bytes of frames as they came.

Frames of the client keep their mask towards the upstream, whose client we are (RFC 6455, 5.1);
only what we say ourselves is masked anew.
"""

import secrets

from gateway_core.frames import (
    CLIENT,
    UPSTREAM,
    Close,
    FrameReader,
    Side,
    close_frame,
    ping_frame,
)

from ..front.wire import Wire as ClientWire
from ..upstream.wire import Buffers
from ..upstream.wire import Wire as UpstreamWire
from .ends import PassOn
from .wires import MASK_BYTES, feed, push_all


class ClientFrames:
    """A client's connection behind its 101. See `ends.End`."""

    __slots__ = ("_reader", "_wire", "finish", "next", "take")
    side: Side = CLIENT

    def __init__(self, wire: ClientWire, reader: FrameReader, early: bytes) -> None:
        """`early`: what came behind the handshake."""
        self._wire = wire
        self._reader = reader
        self.next, self.take, self.finish = reader.next, reader.take, reader.finish
        reader.receive(early)

    async def read(self, pass_on: PassOn) -> bool:
        first = self._reader.first

        def came(data: bytes) -> bool:
            return pass_on(first(data))

        return await self._wire.feed(came)

    def put(self, load: bytes) -> bytes | None:
        sent = self._wire.write_at_once(load)
        return None if sent == len(load) else load[sent:]

    async def push(self, rest: bytes) -> None:
        await self._wire.write(rest)

    def close_load(self, close: Close) -> bytes:
        return close_frame(close)

    def ping_load(self, payload: bytes) -> bytes:
        return ping_frame(payload)

    def hang_up(self) -> None:
        """Do nothing: whose connection it is lingers, so that the last frame arrives."""

    def cut(self) -> None:
        self._wire.abort()


class UpstreamFrames:
    """A connection to an upstream behind its 101. See `ends.End`."""

    __slots__ = ("_fresh", "_reader", "_soon", "_wire", "_write_timeout", "finish", "next", "take")
    side: Side = UPSTREAM

    def __init__(
        self, wire: UpstreamWire, reader: FrameReader, early: bytes, write_timeout: float
    ) -> None:
        """Take over the wire. `write_timeout`: seconds in which the upstream takes nothing."""
        self._wire = wire
        self._reader = reader
        self._write_timeout = write_timeout
        self._fresh = True
        """Whether something may be here that no readiness tells of: inside TLS, from before."""
        self._soon = True
        """Whether what is put may wait for the end of the turn: till our Close, before a hang-up."""
        self.next, self.take, self.finish = reader.next, reader.take, reader.finish
        reader.receive(early)

    async def read(self, pass_on: PassOn) -> bool:
        first = self._reader.first

        def came(data: bytes) -> bool:
            return pass_on(first(data))

        fresh, self._fresh = self._fresh, False
        return await feed(self._wire, came, at_once=fresh)

    def put(self, load: bytes) -> bytes | None:
        unsent: Buffers = [load]
        try:
            if self._wire.send_some(unsent, soon=self._soon):
                return None
        except OSError:
            return load  # whoever pushes it is told
        return b"".join(unsent)  # b"": a wire may hold what it took, such as ciphertext

    async def push(self, rest: bytes) -> None:
        await push_all(self._wire, [rest] if rest else [], self._write_timeout)

    def close_load(self, close: Close) -> bytes:
        self._soon = False
        return close_frame(close, secrets.token_bytes(MASK_BYTES))

    def ping_load(self, payload: bytes) -> bytes:
        return ping_frame(payload, secrets.token_bytes(MASK_BYTES))

    def hang_up(self) -> None:
        self._wire.close()

    def cut(self) -> None:
        self._wire.close()
