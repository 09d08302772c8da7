"""Foreign exceptions to our kinds of failure: the one table."""

import socket
import ssl
from collections.abc import Iterator

import httpx

from gateway_core.errors import FailureKind

from .contract import CallFailedError

_BY_TYPE: tuple[tuple[type[BaseException], FailureKind], ...] = (
    # From the innermost cause outwards, the first that fits tells the kind.
    (socket.gaierror, FailureKind.DNS),
    (ssl.SSLCertVerificationError, FailureKind.CERTIFICATE),
    (ssl.SSLError, FailureKind.TLS),
    (ConnectionRefusedError, FailureKind.REFUSED),
    (FileNotFoundError, FailureKind.REFUSED),  # a unix socket that nobody made
    (ConnectionResetError, FailureKind.RESET),
    (BrokenPipeError, FailureKind.RESET),
    (TimeoutError, FailureKind.CONNECT_TIMEOUT),
    (httpx.ConnectTimeout, FailureKind.CONNECT_TIMEOUT),
    (httpx.ReadTimeout, FailureKind.RESPONSE_TIMEOUT),
    (httpx.WriteTimeout, FailureKind.WRITE_TIMEOUT),
    (httpx.PoolTimeout, FailureKind.OVERLOADED),
    (httpx.ConnectError, FailureKind.UNREACHABLE),
    (httpx.ReadError, FailureKind.RESET),
    (httpx.WriteError, FailureKind.RESET),
    (httpx.CloseError, FailureKind.RESET),
    (httpx.ProtocolError, FailureKind.PROTOCOL),
    (httpx.TransportError, FailureKind.PROTOCOL),
    (OSError, FailureKind.UNREACHABLE),
)

_NO_ANSWER = "without sending a response"
"""How httpcore tells that the peer closed before a byte of its answer came."""


def failed(error: Exception) -> CallFailedError:
    """Return what `error`, raised by a client library, means to the core."""
    problem = f"{type(error).__name__}: {error}"
    if isinstance(error, httpx.RemoteProtocolError) and _NO_ANSWER in str(error):
        return CallFailedError(FailureKind.RESET, problem)
    chain = list(_causes(error))
    for cause in reversed(chain):
        for type_, kind in _BY_TYPE:
            if isinstance(cause, type_):
                return CallFailedError(kind, problem)
    return CallFailedError(FailureKind.PROTOCOL, problem)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error`, then what caused it; of a group, what its first member says."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        members: tuple[BaseException, ...] = getattr(current, "exceptions", ())
        current = members[0] if members else current.__cause__ or current.__context__
