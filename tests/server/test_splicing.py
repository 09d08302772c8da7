"""A pipe between two sockets: what passes, what waits, what ends, and that none is left open."""

import contextlib
import os
import resource
import socket
from collections.abc import Iterator

import pytest

from gateway_server.splicing import PIPE_BYTES, PIPES_MAX, Pipe, open_pipe

pytestmark = pytest.mark.skipif(not hasattr(os, "splice"), reason="Linux alone splices")


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    ours.setblocking(False)
    return ours, theirs


@pytest.fixture
def source() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = connected()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def sink() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = connected()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    before = Pipe.opened
    pipe = open_pipe()
    assert pipe is not None
    yield pipe
    pipe.close()
    assert Pipe.opened == before


def test_bytes_pass_in_order_and_no_more_than_may(source, sink, pipe) -> None:
    source[1].sendall(b"0123456789")
    assert pipe.draw(source[0].fileno(), 4) == pipe.held == 4
    assert pipe.pour(sink[0].fileno()) == 4
    assert pipe.held == 0
    assert pipe.draw(source[0].fileno(), 100) == 6
    assert pipe.pour(sink[0].fileno()) == 6
    assert sink[1].recv(100, socket.MSG_WAITALL | socket.MSG_DONTWAIT) == b"0123456789"


def test_nothing_there_is_none_and_the_end_is_nought(source, pipe) -> None:
    assert pipe.draw(source[0].fileno(), 10) is None
    source[1].close()
    assert pipe.draw(source[0].fileno(), 10) == 0
    assert pipe.held == 0


def test_a_reset_is_an_error_on_either_side(source, sink, pipe) -> None:
    source[1].sendall(b"x")
    assert pipe.draw(source[0].fileno(), 10) == 1
    sink[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sink[1].close()
    with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
        pipe.pour(sink[0].fileno())
    assert pipe.held == 1


def test_a_sink_that_is_full_takes_nothing_and_then_goes_on(source, sink, pipe) -> None:
    sink[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    source[1].setblocking(False)
    got, sent, drawn = 0, 0, 0
    with contextlib.suppress(BlockingIOError):
        while sent < 4 * PIPE_BYTES:
            sent += source[1].send(bytes(65536))
    while (moved := pipe.draw(source[0].fileno(), PIPE_BYTES)) is not None:
        drawn += moved
        while pipe.held:
            if not pipe.pour(sink[0].fileno()):
                got += len(sink[1].recv(1 << 20))
    sink[0].close()
    while data := sink[1].recv(1 << 20):
        got += len(data)
    assert got == drawn == sent


def test_what_is_inside_when_it_is_closed_goes_nowhere(source, sink) -> None:
    first, second = Pipe(), Pipe()
    source[1].sendall(b"somebody's")
    assert first.draw(source[0].fileno(), 100) == 10
    first.close()
    first.close()
    third = Pipe()
    source[1].sendall(b"other")
    assert third.draw(source[0].fileno(), 100) == 5
    third.pour(sink[0].fileno())
    second.close()
    third.close()
    assert sink[1].recv(100) == b"other"


def test_there_are_only_so_many() -> None:
    before = Pipe.opened
    pipes = [pipe for _ in range(PIPES_MAX - before) if (pipe := open_pipe())]
    assert len(pipes) == PIPES_MAX - before
    assert open_pipe() is None
    pipes.pop().close()
    again = open_pipe()
    assert again is not None
    for pipe in [*pipes, again]:
        pipe.close()
    assert Pipe.opened == before


def test_where_no_descriptor_is_left_there_is_none() -> None:
    _, most = limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = Pipe.opened
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, most))
    try:
        assert open_pipe() is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert Pipe.opened == before
