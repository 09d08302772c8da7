"""The sockets that Hypercorn serves from: opened here, so that what fails is told in a line.

Hypercorn gets them as `fd://` binds. Its own would share a port with another gateway of the
same user without a word (SO_REUSEPORT, where there are several workers), and would take a
live unix socket away from its owner.
"""

import errno
import os
import socket
import stat
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

BACKLOG: Final = 1024
"""Connections that wait to be accepted, a socket; the kernel may allow fewer."""

_REASONS: Final = {
    errno.EADDRINUSE: "another program listens there",
    errno.EACCES: "this user may not",
    errno.EPERM: "this user may not",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


class ListenError(Exception):
    """An address that cannot be listened at."""

    def __init__(self, bind: str, reason: str) -> None:
        super().__init__(f"cannot listen at {bind}: {reason}")
        self.bind = bind
        self.reason = reason


class Listener(NamedTuple):
    """An open socket that listens."""

    bind: str
    """For Hypercorn: `fd://7`. It closes the descriptor."""
    address: str
    """Where it is reached: `127.0.0.1:8000` (port 0 has become a real one), `unix:/path`."""


@contextmanager
def listening(binds: Sequence[str]) -> Generator[list[Listener]]:
    """Listen at each of `binds`, as the settings allow them; unlink unix sockets at the end.

    Raises ListenError, and then leaves nothing open.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(_listen(bind)) for bind in binds]
        for bind in binds:
            if bind.startswith("unix:"):
                stack.callback(Path(bind.removeprefix("unix:")).unlink, missing_ok=True)
        yield [Listener(f"fd://{sock.fileno()}", _detached(sock)) for sock in sockets]


def _listen(bind: str) -> socket.socket:
    kind, _, rest = bind.partition(":")
    try:
        if kind == "fd":
            return _inherited(int(rest.removeprefix("//")))
        if kind == "unix":
            return _unix(rest)
        host, _, port = bind.rpartition(":")
        return _tcp(host.strip("[]"), int(port))
    except socket.gaierror as error:
        raise ListenError(bind, f"the host is not known ({error.strerror})") from None
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
        raise ListenError(bind, reason) from None


def _tcp(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(
        host or "0.0.0.0",  # noqa: S104 - the operator wrote ":8000", which says so
        port,
        type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE,
    )
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    with _closed_on_error(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # clients' sockets inherit it
        sock.bind(address)
        sock.listen(BACKLOG)
    return sock


def _unix(path: str) -> socket.socket:
    _remove_abandoned(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _closed_on_error(sock):
        sock.bind(path)
        sock.listen(BACKLOG)
    return sock


def _remove_abandoned(path: str) -> None:
    """Remove a socket's file that nobody listens at any more; never anything else."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116 - a path of the kernel's
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            probe.connect(path)
    except FileNotFoundError:
        pass
    except ConnectionRefusedError:
        Path(path).unlink(missing_ok=True)


def _inherited(number: int) -> socket.socket:
    """Take over a socket that a supervisor such as systemd opened."""
    sock = socket.socket(fileno=number)
    with _closed_on_error(sock):
        if sock.type != socket.SOCK_STREAM:
            raise OSError(errno.EPROTOTYPE, "it is no stream socket")
        sock.listen(BACKLOG)
    return sock


@contextmanager
def _closed_on_error(sock: socket.socket) -> Generator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise


def _detached(sock: socket.socket) -> str:
    """Return the socket's address, and leave its descriptor to whoever closes it."""
    name = sock.getsockname()
    family = sock.family
    sock.detach()
    if family == socket.AF_INET6:
        return f"[{name[0]}]:{name[1]}"
    return f"{name[0]}:{name[1]}" if family == socket.AF_INET else f"unix:{name}"
