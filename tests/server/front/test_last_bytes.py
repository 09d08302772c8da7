"""What was taken of an answer and not sent at once arrives before its connection ends."""

import socket

import pytest
import trio
import trio.testing
from hypercorn.config import Config

from gateway_server.edges import watch_edges
from gateway_server.front import FrontSettings
from gateway_server.front.connection import Connection
from gateway_server.front.drain import DrainingContext, Worker
from tests.end_to_end.served_app import Little, answer

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = bytes(range(256)) * 60
"""Small enough to be posted, and more than the kernel takes of it here."""


class Answers(Little):
    async def http_hello(self, scope, receive, send):
        await answer(send, BODY)


def busy_run():
    """Have this run take it that several sockets have something to do."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watched = watch_edges(ours.fileno())
        watched._poller.outbox.heard_of(100)
        watched.close()


class Conversation:
    """A connection, and its client that is slow to read."""

    def __init__(self, nursery, protocol):
        ours, self.client = socket.socketpair()
        for each in (ours, self.client):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            each.setblocking(False)
        context = DrainingContext(
            None, Worker(Answers(FrontSettings(own=protocol == "own", write_timeout=5)), Config())
        )
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        self.connection = Connection(context, {}, stream)
        self.over = trio.Event()
        nursery.start_soon(self.run)
        nursery.start_soon(context.worker.keep_house)

    async def run(self):
        await self.connection.run()
        self.over.set()

    async def ask(self):
        busy_run()
        self.client.send(GET)
        await trio.testing.wait_all_tasks_blocked()

    def end_our_side(self):
        self.client.shutdown(socket.SHUT_WR)

    def drain(self):
        self.connection.drain(trio.current_time() + 10)

    async def read(self):
        got = b""
        with trio.fail_after(5):
            while True:
                await trio.lowlevel.wait_readable(self.client)
                piece = self.client.recv(65536)
                if not piece:
                    return got
                got += piece


@pytest.fixture
async def talk(protocol):
    async with trio.open_nursery() as nursery:
        talk = Conversation(nursery, protocol)
        yield talk
        await talk.over.wait()
        talk.client.close()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("end", [Conversation.end_our_side, Conversation.drain])
async def test_an_answer_arrives_though_nothing_else_is_to_come(talk, end):
    await talk.ask()
    end(talk)
    await trio.testing.wait_all_tasks_blocked()
    assert (await talk.read()).endswith(BODY)


async def test_a_client_that_reads_nothing_of_it_is_waited_for_as_long_as_of_any_write(
    talk, autojump_clock
):
    await talk.ask()
    began = trio.current_time()
    talk.drain()
    await talk.over.wait()
    assert trio.current_time() - began == pytest.approx(5, abs=0.2)
