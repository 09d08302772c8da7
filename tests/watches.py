"""Both watches, and a connection of which they tell: fixtures of the tests of readiness."""

import socket

import pytest

from gateway_server.readiness import TrioWatch, watch


@pytest.fixture(params=[watch, TrioWatch], ids=["edges", "trio"])
async def make(request):
    """What makes a watch: ours, and the one that serves where there is no epoll."""
    return request.param


@pytest.fixture
async def pair():
    """Our end of a TCP connection, which never blocks, and the peer's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs
