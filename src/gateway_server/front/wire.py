"""One client's socket: reads, and writes that end even where the client takes nothing.

A write has as long as the client takes bytes; once none went for the write timeout it
fails, and so does every later one. Cancellation reaches it. Whatever ends a write early
leaves half a message behind, so the wire counts as broken then, and nobody writes on.
"""

import contextlib
import select
import socket
import struct
import sys
from collections.abc import Callable
from typing import Final, TypeAlias, cast

import trio

from .streams import ClientLeftError

READ_MAX: Final = 64 * 1024
_RECORD: Final = 16 * 1024
"""What TLS sends at once (RFC 8446, 5.1): progress within a record cannot be seen."""
LINGER_SECONDS: Final = 5.0
LINGER_SHORT_SECONDS: Final = 1.0
"""The same, where the worker is about to end."""
LINGER_BYTES: Final = 16 * 1024 * 1024
"""What a client may send behind an answer that ends its connection. Closing a socket with
unread input resets the connection, and takes an answer along that was not read yet."""
_GOODBYE_SECONDS: Final = 1.0

# include/net/tcp_states.h: states of a connection whose client has closed or reset it.
_GONE_STATES: Final = frozenset({7, 8, 9})

Address: TypeAlias = tuple[str, int]
Sink: TypeAlias = Callable[[bytes], bool]
"""Takes bytes that came, without waiting, and tells whether it wants more."""


class Wire:
    """Reads, writes and ends one transport. Reading and writing may go on at once."""

    def __init__(self, stream: trio.abc.Stream, write_timeout: float) -> None:
        self._stream = stream
        self._write_timeout = write_timeout
        self._lock = trio.Lock()
        self.broken = False
        """Whether nothing more can be written."""
        self._tls = _tls(stream)
        self._transport = self._tls.transport_stream if self._tls else stream
        self._socket = (
            self._transport.socket if isinstance(self._transport, trio.SocketStream) else None
        )
        self._hung_up = None if self._socket is None else _hang_ups(self._socket)

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self._tls is not None

    async def handshake(self) -> str:
        """Open TLS if that is what is spoken; return the protocol agreed on, "" for none."""
        if self._tls is None:
            return ""
        await self._tls.do_handshake()
        return self._tls.selected_alpn_protocol() or ""

    @property
    def addresses(self) -> tuple[Address | None, Address | None]:
        """Client and server; None on a unix socket. Raises OSError if the client is gone."""
        if self._socket is None or self._socket.family not in (socket.AF_INET, socket.AF_INET6):
            return None, None
        client, server = self._socket.getpeername(), self._socket.getsockname()
        return (client[0], client[1]), (server[0], server[1])

    async def read(self) -> bytes:
        """Return what came, b"" once the client has closed or reset the connection."""
        try:
            return bytes(await self._stream.receive_some(READ_MAX))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.broken = True
            return b""

    @property
    def holds(self) -> bool:
        """Whether it knows `hold`, `release` and `wake`: see `readiness.Watch`."""
        return False

    def hold(self) -> None:
        """Read nothing, though `feed` waits on."""
        raise NotImplementedError

    def release(self) -> None:
        """Read on."""
        raise NotImplementedError

    def wake(self, error: Exception | None = None) -> None:
        """Have `feed`, if somebody waits by it, return as if the sink wanted no more, or raise `error`."""
        raise NotImplementedError

    async def feed(self, sink: Sink) -> bool:
        """Give `sink` what comes, until it wants no more; False: the client has left.

        It is called by this task, or within none while this one waits. What it raises, this does.
        """
        while data := await self.read():
            if not sink(data):
                return True
        return False

    def read_at_once(self) -> bytes:
        """Return what is there without waiting, b"" for nothing, or where nobody can tell."""
        return b""

    def write_at_once(self, data: bytes | memoryview) -> int:  # noqa: ARG002 - most wires cannot
        """Send what goes without waiting; return how many bytes that was, 0 where it is broken."""
        return 0

    async def write(self, data: bytes | memoryview) -> None:
        """Send all of `data`. Raises ClientLeftError where it cannot."""
        async with self._lock:
            self._begin_writing()
            try:
                await self._write_all(memoryview(data))
            except ClientLeftError:
                raise
            except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
                raise ClientLeftError("the client takes no more") from error
            self.broken = False

    async def settle(self) -> None:
        """Send what was taken at once and has not gone. Raises ClientLeftError where it cannot."""

    def _begin_writing(self) -> None:
        """Count as broken until all is written: what ends a write early leaves half a message."""
        if self.broken:
            raise ClientLeftError("the connection is broken")
        self.broken = True

    async def _write_all(self, rest: memoryview) -> None:
        with trio.CancelScope() as scope:
            while rest:
                scope.deadline = trio.current_time() + self._write_timeout
                rest = rest[await self._write_some(rest) :]
        if scope.cancelled_caught:
            raise ClientLeftError("the client stopped reading")

    async def _write_some(self, data: memoryview) -> int:
        if self._socket is not None and self._tls is None:
            return await self._socket.send(data)
        record = data[:_RECORD]
        await self._stream.send_all(record)
        return len(record)

    def has_left(self) -> bool:
        """Tell whether the client closed or reset the connection, unread input or not."""
        if self._socket is None or sys.platform != "linux":
            return False
        if self._hung_up is not None:
            return bool(self._hung_up(0))
        try:
            state = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        except OSError:
            return False
        return state[0] in _GONE_STATES

    def abort(self) -> None:
        """End the connection now; whoever waits for it is told. Waits for nobody.

        The socket is still to be closed, and the connection is reset then.
        """
        self.reset()
        if self._socket is not None:
            with contextlib.suppress(OSError):  # gone already
                self._socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Let closing the socket reset the connection, so that a cut shows as one."""
        self.broken = True
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def close(self) -> None:
        """Close the socket, now."""
        try:
            await trio.aclose_forcefully(self._stream)
        finally:
            # Which TLS lets go of when it is unwrapped; also where whoever closes is cancelled.
            await trio.aclose_forcefully(self._transport)

    async def linger(self, *, short: bool) -> None:
        """Tell the client that no more comes, and take in what it still sends, within bounds.

        Whoever read from the wire has stopped by now.
        """
        with trio.move_on_after(LINGER_SHORT_SECONDS if short else LINGER_SECONDS):
            try:
                await self._say_goodbye()
                taken = 0
                while taken < LINGER_BYTES and (
                    data := await self._transport.receive_some(READ_MAX)
                ):
                    taken += len(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                return

    async def _say_goodbye(self) -> None:
        if self._tls is not None:
            with trio.move_on_after(_GOODBYE_SECONDS):
                # close_notify goes out first; it breaks where the client had more to say.
                with contextlib.suppress(trio.BrokenResourceError, trio.BusyResourceError):
                    await self._tls.unwrap()
        if isinstance(self._transport, trio.abc.HalfCloseableStream):
            await self._transport.send_eof()


def _hang_ups(sock: trio.socket.SocketType) -> Callable[[int], list[tuple[int, int]]] | None:
    """Return what tells of a hang-up on a socket that is not TCP, and knows no TCP_INFO."""
    if sys.platform != "linux" or sock.family != socket.AF_UNIX:
        return None
    poller = select.poll()
    poller.register(sock.fileno(), select.POLLRDHUP)
    return poller.poll


def _tls(stream: trio.abc.Stream) -> trio.SSLStream[trio.abc.Stream] | None:
    if isinstance(stream, trio.SSLStream):
        return cast("trio.SSLStream[trio.abc.Stream]", stream)
    return None
