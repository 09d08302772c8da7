"""Wires without sockets: a bounded buffer each way, Trio's clock, and a count of what is open."""

import trio

from gateway_core.upstream import Endpoint
from gateway_server.upstream.wire import Buffers

BOUND = 1000
"""Bytes that fit into one direction: small, so that both sides have to wait."""


class Pipe:
    """One direction."""

    def __init__(self, bound: int = BOUND) -> None:
        self.bound = bound
        self.data = b""
        self.ended = self.broken = self.stirred = False
        """`stirred`: whether the poller has told; here its turn comes with the next read."""
        self.changed = trio.lowlevel.ParkingLot()

    def put(self, data: bytes | memoryview) -> int:
        if self.broken or self.ended:
            raise BrokenPipeError("nobody reads")
        taken = bytes(data[: self.bound - len(self.data)])
        self.data += taken
        self.changed.unpark_all()
        return len(taken)

    def take(self) -> bytes | None:
        if self.broken:
            raise ConnectionResetError("reset")
        data, self.data = self.data, b""
        self.changed.unpark_all()
        return data or (b"" if self.ended else None)

    def end(self) -> None:
        self.ended = True
        self.changed.unpark_all()


class MemoryWire:
    """The gateway's end of a connection. See `wire.Wire`."""

    def __init__(self, net: "Net") -> None:
        self.net = net
        bound = getattr(net, "bound", BOUND)
        self.outgoing, self.incoming = Pipe(bound), Pipe(bound)
        self.written = 0
        self.closed = False
        self.reading = self.writing = 0

    def send_some(self, buffers: Buffers, *, soon: bool = False) -> bool:
        assert not self.closed
        while buffers:
            count = self.outgoing.put(buffers[0])
            self.written += count
            if count < len(buffers[0]):
                buffers[0] = memoryview(buffers[0])[count:]
                return False
            del buffers[0]
        return True

    def receive_some(self) -> bytes | None:
        assert not self.closed
        return self.incoming.take()

    def silent(self) -> bool:
        pipe = self.incoming
        return not (pipe.broken or pipe.ended or pipe.data)

    @property
    def stirred(self) -> bool:
        return self.incoming.stirred

    async def readable(self) -> None:
        assert not self.reading, "two tasks read"
        self.reading += 1
        try:
            await self._wait(self.incoming, lambda pipe: bool(pipe.data) or pipe.ended)
        finally:
            self.reading -= 1

    def attend(self, take) -> bool:
        return False

    async def writable(self) -> None:
        assert not self.writing, "two tasks write"
        self.writing += 1
        try:
            await self._wait(self.outgoing, lambda pipe: len(pipe.data) < pipe.bound)
        finally:
            self.writing -= 1

    async def _wait(self, pipe: Pipe, ready) -> None:
        await trio.lowlevel.checkpoint()
        while not (self.closed or pipe.broken or ready(pipe)):
            await pipe.changed.park()
        if self.closed:
            raise trio.ClosedResourceError

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.net.open -= 1
            self.outgoing.end()
            self.incoming.changed.unpark_all()
            self.outgoing.changed.unpark_all()


class MemoryPeer:
    """The upstream's end."""

    def __init__(self, wire: MemoryWire) -> None:
        self.wire = wire
        self.held = b""

    async def head(self) -> bytes:
        while b"\r\n\r\n" not in self.held:
            if not await self.more():
                return b""
        found, _, self.held = self.held.partition(b"\r\n\r\n")
        return found

    async def more(self) -> bool:
        pipe = self.wire.outgoing
        while not pipe.data and not pipe.ended:
            await pipe.changed.park()
        self.held += pipe.take() or b""
        return not pipe.ended

    async def send(self, data: bytes) -> None:
        pipe = self.wire.incoming
        while data and not self.wire.closed:
            data = data[pipe.put(data) :]
            if data:
                await pipe.changed.park()

    def end(self) -> None:
        self.wire.incoming.end()

    def reset(self) -> None:
        for pipe in (self.wire.incoming, self.wire.outgoing):
            pipe.broken = True
            pipe.changed.unpark_all()


class Net:
    """Dials memory wires, each served by `serve` in a task of `nursery`."""

    def __init__(
        self, nursery: trio.Nursery, serve, dial_seconds: float = 0.0, bound: int = BOUND
    ) -> None:
        self.bound = bound
        self.nursery, self.serve, self.dial_seconds = nursery, serve, dial_seconds
        self.open = self.dialed = 0
        self.refuses = False

    async def dial(self, endpoint: Endpoint) -> MemoryWire:
        await trio.sleep(self.dial_seconds)
        if self.refuses:
            raise ConnectionRefusedError("refused")
        wire = MemoryWire(self)
        self.open += 1
        self.dialed += 1
        self.nursery.start_soon(self.serve, MemoryPeer(wire))
        return wire
