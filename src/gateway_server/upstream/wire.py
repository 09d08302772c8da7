"""A byte stream to an endpoint: one try at once, and a wait apart from it.

Stdlib sockets, never blocking, with Trio's readiness beside them: a try costs one system
call, no checkpoint and no task, and between two waits nothing can be cancelled, so that
what was sent and received is always known.
"""

import contextlib
import select
import socket
from collections.abc import Awaitable
from typing import Final, Protocol, TypeAlias

import trio

from ..outbox import Outgoing
from ..readiness import Take, Watch, watch
from ..splicing import Pipe

Buffers: TypeAlias = list[bytes | memoryview]
"""Bytes to send, in order."""

RECEIVE_BYTES: Final = 256 * 1024
"""At once, where much comes. 16 KiB would cost 3.3 times the CPU a gigabyte (measured)."""
_FIRST_BYTES: Final = 16 * 1024
"""At once, until a read comes back full: a larger buffer would be mapped and unmapped each time."""


class Wire(Protocol):
    """A stream both ways. One task may wait to read while another waits to write."""

    @property
    def written(self) -> int:
        """Bytes taken off the buffers of `send_some`, ever: the peer may have them."""
        ...

    def send_some(self, buffers: Buffers, *, soon: bool = False) -> bool:
        """Send what the wire takes at once, and take it off `buffers`.

        Return whether everything went, of former calls, too; if not, wait until writable
        and call again, until it did. Raises OSError where the wire is broken.

        What may go `soon` is sent by the end of the turn, with what others send: whether it
        went, and so whether the wire is broken, is told to who reads then, or sends.
        """
        ...

    def receive_some(self) -> bytes | None:
        """Return what is there, None if nothing is, b"" if the peer will send no more.

        Raises OSError where the wire is broken.
        """
        ...

    def silent(self) -> bool:
        """Whether nothing came, neither bytes nor an end nor an error. May use up what did."""
        ...

    @property
    def stirred(self) -> bool:
        """Whether something may have come since the last read; no system call is made for it.

        What came since the poller's last turn is not known yet: `silent` knows.
        """
        ...

    def readable(self) -> Awaitable[None]:
        """Wait until `receive_some` may return something.

        Raises trio.ClosedResourceError where the wire is closed meanwhile.
        """
        ...

    def taking(self, take: Take) -> Awaitable[None]:
        """Wait as `readable` does, and `take` what comes, until that returns False.

        It is called by this task, or within none while this one waits; what it raises, the wait does.
        """
        ...

    def attend(self, take: Take) -> bool:
        """Have `take` called with what comes, while nobody waits, until it returns False.

        It is called within no task, and must not raise. False: it will not be called, and
        somebody has to wait.
        """
        ...

    def writable(self) -> Awaitable[None]:
        """Wait until `send_some` may take something. Raises as `readable`."""
        ...

    def close(self) -> None:
        """Close it at once. Never waits; safe to call twice."""
        ...


class SocketWire:
    """A stream over a socket, which it owns and has made non-blocking."""

    __slots__ = (
        "_arrived", "_fd", "_outgoing", "_receive_bytes", "_socket", "_watch", "written",
    )  # fmt: skip

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(0)
        self._socket = connected
        self._fd = connected.fileno()
        self._receive_bytes = _FIRST_BYTES
        self._watch: Watch | None = None
        """From the first wait on."""
        self._outgoing: Outgoing | None = None
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        # A third of the cost of a read that fails: no exception is made.
        self._arrived = poller.poll
        self.written = 0

    def send_some(self, buffers: Buffers, *, soon: bool = False) -> bool:
        """See `Wire.send_some`."""
        outgoing = self._outgoing
        if outgoing is not None:
            if soon and len(buffers) == 1:
                count = outgoing.take(buffers[0])
                self.written += count
                if count == len(buffers[0]):
                    buffers.clear()
                    return True
                _drop(buffers, count)
                return False
            kept = outgoing.take_back()
            if kept:  # theirs again, so that its progress shows in `written` as it goes
                self.written -= len(kept)
                buffers.insert(0, kept)
        try:
            if len(buffers) == 1:
                count = self._socket.send(buffers[0])
                if count == len(buffers[0]):
                    self.written += count
                    buffers.clear()
                    return True
            elif buffers:
                count = self._socket.sendmsg(buffers)
            else:
                return True
        except BlockingIOError:
            return False
        self.written += count
        _drop(buffers, count)
        return not buffers

    def receive_some(self) -> bytes | None:
        """See `Wire.receive_some`."""
        try:
            data = self._socket.recv(self._receive_bytes)
        except BlockingIOError:
            return None
        size = len(data)
        if size < _FIRST_BYTES:
            self._receive_bytes = _FIRST_BYTES
        else:
            if size == self._receive_bytes and self._watch is not None:
                self._watch.more()
            self._receive_bytes = RECEIVE_BYTES
        return data

    def draw_some(self, pipe: Pipe, most: int) -> int | None:
        """Move up to `most` bytes into `pipe`; return how many, or what `receive_some` would.

        0 stands for its b"". Raises OSError.
        """
        moved = pipe.draw(self._fd, most)
        if moved and self._watch is not None:
            self._watch.more()  # a pipe may be full before the socket is empty
        return moved

    def pour_some(self, pipe: Pipe) -> bool:
        """Send what the wire takes of what `pipe` holds; return whether that was all.

        Raises OSError where the wire is broken.
        """
        self.written += pipe.pour(self._fd)
        return not pipe.held

    def silent(self) -> bool:
        """See `Wire.silent`."""
        return not self._arrived(0)

    @property
    def stirred(self) -> bool:
        """See `Wire.stirred`."""
        return self._watch is None or self._watch.stirred

    def readable(self) -> Awaitable[None]:
        """See `Wire.readable`."""
        return self._watched().readable()

    def taking(self, take: Take) -> Awaitable[None]:
        """See `Wire.taking`."""
        return self._watched().taking(take)

    def attend(self, take: Take) -> bool:
        """See `Wire.attend`."""
        watched = self._watched()
        if not watched.holds or watched.stirred:
            return False
        watched.attend(take)
        return True

    def _watched(self) -> Watch:
        if self._watch is None:
            self._watch = watch(self._fd)
            self._outgoing = self._watch.outgoing(self._socket.send)
        return self._watch

    def writable(self) -> Awaitable[None]:
        """See `Wire.writable`."""
        return trio.lowlevel.wait_writable(self._fd)  # noqa: ASYNC105

    def close(self) -> None:
        """See `Wire.close`."""
        if self._socket.fileno() < 0:
            return
        if self._watch is not None:
            self._watch.close()
        if self._outgoing is not None:
            with contextlib.suppress(OSError):  # the last word of a relay may be among it
                self._outgoing.settle()
        with contextlib.suppress(RuntimeError):  # no loop runs any more: nobody waits
            trio.lowlevel.notify_closing(self._fd)
        self._socket.close()


def _drop(buffers: Buffers, count: int) -> None:
    """Take the first `count` bytes off `buffers`."""
    while buffers and count >= len(buffers[0]):
        count -= len(buffers[0])
        del buffers[0]
    if count:
        buffers[0] = memoryview(buffers[0])[count:]
