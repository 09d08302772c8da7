"""TLS over a wire, driven by hand: the same tries at once, which `trio.SSLStream` has not.

    send_some:     plaintext --> SSLObject --> outgoing BIO --> _unsent --> the wire below
    receive_some:  plaintext <-- SSLObject <-- incoming BIO <-- the wire below

Between two exchanges a server may send session tickets or ask for new keys (RFC 8446, 4.6).
A try to read takes those in and finds no plaintext: such a connection is as good as new.
"""

import contextlib
import ssl
from collections.abc import Awaitable
from typing import Final

from ..readiness import Take
from .wire import Buffers, Wire

_RECORD_BYTES_MAX: Final = 16 * 1024
"""Plaintext of one record (RFC 8446, 5.1): a read never returns more than one."""


class TlsWire:
    """TLS from the client's side, over the wire below, which it owns."""

    __slots__ = ("_below", "_incoming", "_outgoing", "_tls", "_unsent", "written")

    def __init__(self, below: Wire, context: ssl.SSLContext, server_name: str) -> None:
        self._below = below
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_name or None
        )
        self._unsent: Buffers = []
        self.written = 0

    @property
    def protocol(self) -> str:
        """What both sides agreed to speak (RFC 7301); "" for nothing."""
        return self._tls.selected_alpn_protocol() or ""

    async def shake_hands(self) -> None:
        """Do the handshake. Raises OSError, of which ssl.SSLError is a kind."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._take_in()
            except ssl.SSLError:
                self._flush_some()  # the alert tells the peer why; if it fits, well
                raise
            else:
                await self._flush()
                return

    def send_some(self, buffers: Buffers, *, soon: bool = False) -> bool:
        """See `Wire.send_some`."""
        # Plaintext turns into ciphertext only when the last of that has gone, so that no
        # more is held here than the caller gave at once.
        if not self._flush_some():
            return False
        while buffers:
            self.written += self._tls.write(buffers[0])
            del buffers[0]
        return self._flush_some(soon=soon)

    def receive_some(self) -> bytes | None:
        """See `Wire.receive_some`."""
        while True:
            try:
                # b"" once the peer has said goodbye.
                return self._with_the_rest(self._tls.read(_RECORD_BYTES_MAX))
            except ssl.SSLWantReadError:
                self._flush_some()
                received = self._below.receive_some()
                if received is None:
                    return None
                self._feed(received)

    def silent(self) -> bool:
        """See `Wire.silent`. Only a read tells: a goodbye may be inside already."""
        try:
            return self.receive_some() is None
        except OSError:
            return False

    @property
    def stirred(self) -> bool:
        """See `Wire.stirred`. What was decrypted already, nothing but a read tells."""
        return True

    def _with_the_rest(self, data: bytes) -> bytes:
        """Return `data` and what else is decrypted without another look at the wire."""
        if not self._incoming.pending and not self._tls.pending():
            return data
        pieces = [data]
        while True:
            try:
                piece = self._tls.read(_RECORD_BYTES_MAX)
            except ssl.SSLError:
                break  # comes again at the next read
            if not piece:
                break
            pieces.append(piece)
        return b"".join(pieces)

    def readable(self) -> Awaitable[None]:
        """See `Wire.readable`."""
        return self._below.readable()

    def taking(self, take: Take) -> Awaitable[None]:
        """See `Wire.taking`."""
        return self._below.taking(take)

    def attend(self, take: Take) -> bool:  # noqa: ARG002 - see `stirred`
        """Never: what was decrypted already, no readiness tells of."""
        return False

    def writable(self) -> Awaitable[None]:
        """See `Wire.writable`."""
        return self._below.writable()

    def close(self) -> None:
        """See `Wire.close`; says goodbye where that needs no wait (RFC 8446, 6.1)."""
        with contextlib.suppress(OSError):
            self._tls.unwrap()
        with contextlib.suppress(OSError):
            self._flush_some()
        self._below.close()

    def _flush_some(self, *, soon: bool = False) -> bool:
        if self._outgoing.pending:
            self._unsent.append(self._outgoing.read())
        return not self._unsent or self._below.send_some(self._unsent, soon=soon)

    async def _flush(self) -> None:
        while not self._flush_some():
            await self._below.writable()

    async def _take_in(self) -> None:
        """Wait for ciphertext, and hand it to the SSL object."""
        while (received := self._below.receive_some()) is None:
            await self._below.readable()
        self._feed(received)

    def _feed(self, received: bytes) -> None:
        if not received:
            # No goodbye before: what ends so cannot pass for complete (RFC 9112, 9.8).
            raise ConnectionResetError("the connection ended without a TLS closure alert")
        self._incoming.write(received)
