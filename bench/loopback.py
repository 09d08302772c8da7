"""Asking on the loopback interface, as the harness itself does: ports and plain requests."""

import http.client
import random
import socket
from typing import NamedTuple

PORTS = range(20_000, 30_000)
"""Below the range that the kernel gives to outgoing connections, which load uses up."""
TIMEOUT_SECONDS = 30.0


class Answer(NamedTuple):
    """An answer, whole."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes


def free_port() -> int:
    """Return a port at which nobody listens now."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")


def ask(
    port: int,
    path: str,
    method: str = "GET",
    body: object = None,
    fields: dict[str, str] | None = None,
) -> Answer:
    """Ask once, on a connection of its own. Raises OSError, http.client.HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body=body, headers=fields or {})
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def answers(port: int, path: str, status: int) -> bool:
    """Whether `path` is answered with `status` now."""
    try:
        return ask(port, path).status == status
    except (OSError, http.client.HTTPException):
        return False
