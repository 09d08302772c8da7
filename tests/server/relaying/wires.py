"""A wire to an upstream in a test's hands. See `upstream.wire.Wire`."""

import trio

from gateway_core.frames import FrameEvent
from gateway_server.readiness import Take
from gateway_server.upstream.wire import Buffers


class FakeWire:
    """Takes `room` bytes; what came stands in `came`."""

    def __init__(self) -> None:
        self.room = 1000
        self.sent = b""
        self.written = 0
        self.holds = False
        """Whether it takes everything, and holds what there is no room for, as TLS does."""
        self.held = b""
        self.came: list[bytes] = []
        self.broken = self.closed = False
        self.changed = trio.Event()

    def change(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    def comes(self, data: bytes) -> None:
        self.came.append(data)
        self.change()

    def gives_room(self, count: int) -> None:
        self.room += count
        self.change()

    def send_some(self, buffers: Buffers, *, soon: bool = False) -> bool:
        if self.broken:
            raise ConnectionResetError
        if self.holds:
            self.held += b"".join(buffers)
            buffers.clear()
            self.held = self._send(self.held)
            return not self.held
        rest = self._send(b"".join(buffers))
        buffers[:] = [rest] if rest else []
        return not rest

    def _send(self, data: bytes) -> bytes:
        self.sent += data[: self.room]
        rest = data[self.room :]
        self.written += len(data) - len(rest)
        self.room -= len(data) - len(rest)
        return rest

    def receive_some(self) -> bytes | None:
        if self.broken:
            raise ConnectionResetError
        return self.came.pop(0) if self.came else None

    def silent(self) -> bool:
        return not self.came

    @property
    def stirred(self) -> bool:
        return bool(self.came)

    async def readable(self) -> None:
        await self._wait()

    async def taking(self, take: Take) -> None:
        await self._wait()
        while take():
            await self._wait()

    async def writable(self) -> None:
        await self._wait()

    async def _wait(self) -> None:
        await self.changed.wait()
        if self.closed:
            raise trio.ClosedResourceError

    def close(self) -> None:
        self.closed = True
        self.change()


class Looker:
    """Stands for who passes on what came: looks at what is told first, and wants no more."""

    def __init__(self) -> None:
        self.saw: list[FrameEvent] = []

    def __call__(self, event: FrameEvent | None) -> bool:
        if event is not None:
            self.saw.append(event)
        return False
