"""That a client has left is seen on a unix socket as on TCP, whatever it left behind."""

import socket

import pytest
import trio

from gateway_server.front.quick_wire import wire_of


@pytest.mark.parametrize("behind", [b"", b"x" * 1000], ids=["nothing unread", "input unread"])
@pytest.mark.parametrize("how", ["closes", "half-closes"])
async def test_a_client_of_a_unix_socket_that_leaves_is_noticed(behind: bytes, how: str) -> None:
    ours, theirs = socket.socketpair()
    wire = wire_of(trio.SocketStream(trio.socket.from_stdlib_socket(ours)), 1)
    try:
        theirs.send(behind)
        assert not wire.has_left()
        theirs.close() if how == "closes" else theirs.shutdown(socket.SHUT_WR)
        assert wire.has_left()
    finally:
        theirs.close()
        await wire.close()
