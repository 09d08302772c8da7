"""Ports that a test may name before anybody listens there.

Port 0 is better wherever the listener itself can tell its port. Where it cannot,
a port of the ephemeral range will not do: between the look and the listening,
any outgoing connection of any process may be given it.
"""

import os
import socket
from itertools import count
from pathlib import Path

_BELOW = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
_FIRST = 15_000
_next = count(os.getpid() * 97)


def free_ports(number: int) -> list[int]:
    """Return so many different ports that nobody uses, below the ephemeral range."""
    found: list[int] = []
    while len(found) < number:
        port = _FIRST + next(_next) % (_BELOW - _FIRST)
        if is_free(port):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Whether one could listen there now."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
