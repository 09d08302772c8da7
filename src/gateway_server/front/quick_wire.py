"""A client's plain socket, tried before it is waited for.

A write nearly always goes whole, and costs one system call: no task switch, no
lock, no cancel scope. Only what the kernel does not take at once waits, with the
write deadline that `wire` describes. Reading waits first, since between a request
and the next there is always somebody's thinking, and takes what is there in one go.

The socket is Trio's; a second handle of the standard library on the same descriptor
is what cannot wait, and lets go of the descriptor before Trio closes it.
"""

import contextlib
import socket
from collections.abc import Callable
from typing import Final

import trio

from ..readiness import watch
from ..splicing import Pipe
from .streams import ClientLeftError
from .wire import Sink, Wire

READ_BYTES: Final = 256 * 1024
"""At once, where much comes. 16 KiB would cost more than three times the CPU a gigabyte."""
_FIRST_BYTES: Final = 16 * 1024
"""At once, until a read comes back full: what requests without a body never do."""


class QuickWire(Wire):
    """Reads, writes and ends one socket."""

    def __init__(self, stream: trio.SocketStream, write_timeout: float) -> None:
        super().__init__(stream, write_timeout)
        self._fd = stream.socket.fileno()
        self._plain = socket.socket(fileno=self._fd)
        self._watch = watch(self._fd)
        self._outgoing = self._watch.outgoing(self._plain.send)
        self._read_bytes = _FIRST_BYTES

    async def read(self) -> bytes:
        """Return what came, b"" once the client has closed or reset the connection."""
        while True:
            try:
                await self._watch.readable()
                data = self._receive()
            except (OSError, trio.ClosedResourceError):
                self.broken = True
                return b""
            if data is not None:
                return data

    @property
    def holds(self) -> bool:
        """See `Wire.holds`."""
        return self._watch.holds

    def hold(self) -> None:
        """See `Wire.hold`."""
        self._watch.hold()

    def release(self) -> None:
        """See `Wire.release`."""
        self._watch.release()

    def wake(self, error: Exception | None = None) -> None:
        """See `Wire.wake`."""
        self._watch.wake(error)

    async def feed(self, sink: Sink) -> bool:
        """See `Wire.feed`."""
        ended = False

        def take() -> bool:
            nonlocal ended
            try:
                data = self._receive()
            except OSError:
                self.broken = True
                data = b""
            if data:
                return sink(data)
            ended = data is not None
            return not ended

        try:
            await self._watch.taking(take)
        except trio.ClosedResourceError:
            self.broken = True
            return False
        return not ended

    def _receive(self) -> bytes | None:
        """Return what is there, None for nothing, b"" at the end. Raises OSError."""
        try:
            data = self._plain.recv(self._read_bytes)
        except BlockingIOError:
            return None
        size = len(data)
        if size < _FIRST_BYTES:
            self._read_bytes = _FIRST_BYTES
        else:
            if size == self._read_bytes:
                self._watch.more()
            self._read_bytes = READ_BYTES
        return data

    def read_at_once(self) -> bytes:
        """Return what is there without waiting, b"" for nothing."""
        try:
            data = self._plain.recv(_FIRST_BYTES)
        except OSError:
            return b""
        self._watch.more()
        return data

    def write_at_once(self, data: bytes | memoryview) -> int:
        """Send what goes, by the turn's end; return how many bytes, 0 where it is broken.

        `data` is not to be changed after.
        """
        if self.broken:
            return 0
        try:
            return self._outgoing.take(data)
        except OSError:
            self.broken = True
            return 0

    async def write(self, data: bytes | memoryview) -> None:
        """Send all of `data`. Raises ClientLeftError where it cannot."""
        sent = self.write_at_once(data)
        if sent < len(data):
            await self.settle()
            await super().write(memoryview(data)[sent:])

    async def settle(self) -> None:
        """See `Wire.settle`."""
        try:
            kept = b"" if self.broken else self._outgoing.take_back()
        except OSError as error:
            self.broken = True
            raise ClientLeftError("the client takes no more") from error
        if kept:
            await super().write(kept)

    async def draw(self, pipe: Pipe, most: int) -> int:
        """Move up to `most` bytes that came into `pipe`; return how many.

        0 once the client has closed or reset the connection. It may return without a wait.
        """
        try:
            while (moved := pipe.draw(self._fd, most)) is None:
                await self._watch.readable()
        except (OSError, trio.ClosedResourceError):
            self.broken = True
            return 0
        if moved:
            self._watch.more()  # a pipe may be full before the socket is empty
        return moved

    async def pour(self, pipe: Pipe, progressed: Callable[[], None]) -> None:
        """Send all that `pipe` holds, as `write` does; `progressed` hears of what a wait brought.

        Raises ClientLeftError where it cannot.
        """
        if not self._outgoing.is_clear:
            await self.settle()
        if not self.broken and self._pour_some(pipe):
            return
        async with self._lock:
            self._begin_writing()
            with trio.CancelScope() as scope:
                scope.deadline = trio.current_time() + self._write_timeout
                while pipe.held:
                    await trio.lowlevel.wait_writable(self._fd)
                    held = pipe.held
                    self._pour_some(pipe)
                    if pipe.held < held:
                        progressed()
                        scope.deadline = trio.current_time() + self._write_timeout
            if scope.cancelled_caught:
                raise ClientLeftError("the client stopped reading")
            self.broken = False

    def _pour_some(self, pipe: Pipe) -> bool:
        """Send what the kernel takes; return whether that was all."""
        try:
            pipe.pour(self._fd)
        except OSError as error:
            self.broken = True
            raise ClientLeftError("the client takes no more") from error
        return not pipe.held

    async def _write_some(self, data: memoryview) -> int:
        while True:
            await trio.lowlevel.wait_writable(self._fd)
            try:
                return self._plain.send(data)
            except BlockingIOError:
                continue

    def reset(self) -> None:
        """See `Wire.reset`."""
        self._send_last()
        super().reset()

    async def linger(self, *, short: bool) -> None:
        """See `Wire.linger`."""
        with contextlib.suppress(ClientLeftError):
            await self.settle()
        await super().linger(short=short)

    def _send_last(self) -> None:
        with contextlib.suppress(OSError):
            self._outgoing.settle()

    async def close(self) -> None:
        """Close the socket, now."""
        if self._plain.fileno() >= 0:
            self._send_last()
            self._watch.close()
            self._plain.detach()
        await super().close()


def wire_of(stream: trio.abc.Stream, write_timeout: float) -> Wire:
    """Return the quickest wire that `stream` allows."""
    if isinstance(stream, trio.SocketStream):
        return QuickWire(stream, write_timeout)
    return Wire(stream, write_timeout)
