"""Foreign exceptions to our kinds of failure: the one table."""

import socket
import ssl
from collections.abc import Iterator

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
    (OSError, FailureKind.UNREACHABLE),
)


def failed(error: Exception) -> CallFailedError:
    """Return what `error`, raised while connecting, means to the core."""
    problem = f"{type(error).__name__}: {error}"
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
