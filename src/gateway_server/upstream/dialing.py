"""How a connection to an endpoint is made: TCP or a unix socket, TLS upon it or not.

Trio races the addresses of a name, as RFC 8305 (Happy Eyeballs) says: an IPv6 route that
swallows packets costs a quarter of a second, not a time-out.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import trio

from gateway_core.upstream import Endpoint

from .tls import TlsSettings
from .tls_wire import TlsWire
from .wire import SocketWire, Wire

Dial: TypeAlias = Callable[[Endpoint], Awaitable[Wire]]
"""Connects to an endpoint, TLS included. Raises OSError; cancelled, it leaves nothing open."""

HTTP1: Final = "http/1.1"
HTTP2: Final = "h2"
"""What we speak, as TLS tells it beforehand (RFC 7301); a server that cannot learns it in time."""


class Dialer:
    """Makes connections to the endpoints of one upstream. An instance is a `Dial`."""

    __slots__ = ("_context", "_protocol", "_server_name")

    def __init__(self, settings: TlsSettings, *, secure: bool, protocol: str = HTTP1) -> None:
        """Build the TLS context if `secure`, once: to read the authorities takes 10 ms and more.

        Raises OSError where a file of `settings` cannot be read.
        """
        self._server_name = settings.server_name
        self._protocol = protocol
        self._context = _context(settings, protocol) if secure else None

    async def __call__(self, endpoint: Endpoint) -> Wire:
        """Connect. Raises OSError, of which socket.gaierror and ssl.SSLError are kinds."""
        wire = SocketWire(await _connected(endpoint))
        if endpoint.scheme != "https":
            return wire
        assert self._context is not None, "a dialer of plain connections was asked for TLS"
        try:
            tls = TlsWire(wire, self._context, self._server_name or endpoint.host)
            await tls.shake_hands()
            self._check_protocol(tls)
        except BaseException:
            wire.close()
            raise
        return tls

    def _check_protocol(self, tls: TlsWire) -> None:
        """Raise where the endpoint did not agree to HTTP/2: HTTP/1.1 goes without saying."""
        if self._protocol == HTTP2 != tls.protocol:
            raise ssl.SSLError("the endpoint did not agree to HTTP/2 (ALPN)")


def _context(settings: TlsSettings, protocol: str) -> ssl.SSLContext:
    context = settings.context()
    context.set_alpn_protocols([protocol])
    # A handshake in the middle of an exchange (TLS 1.2) would make writes wait for reads.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


async def _connected(endpoint: Endpoint) -> socket.socket:
    """Return a connected socket that Trio knows nothing of."""
    if endpoint.unix_path:
        stream = await trio.open_unix_socket(endpoint.unix_path)
    else:
        stream = await trio.open_tcp_stream(endpoint.host, endpoint.port)
    # Trio has set TCP_NODELAY: a piece of a body is not held back for the next one.
    return socket.socket(fileno=stream.socket.detach())
