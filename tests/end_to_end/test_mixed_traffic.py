"""Everybody at once, from a seed: who asks what, who leaves when, what the service does wrong.

What must hold in any order of things: an answer is its asker's own, whoever stays has one, what
was heard is one line in the log that says what the client saw, and nothing is kept.
"""

import random
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field

import pytest
import trio

from gateway_core.http1.flaws import INCOMPLETE
from gateway_server.telemetry.access import FLUSH_SECONDS
from tests.books import balanced, quiet
from tests.road import Client, Road, Running, read_request, request, response

CLIENTS = 30
ROUNDS = 6
"""Times that each of them connects."""
WIDTH = 300
"""Bytes of most bodies, so that heads are the same, byte for byte, and remembered."""
FASHION = 20
"""Requests, by all, until something else that is kept is what everybody asks for."""
KINDS = ["plain", "plain", "plain", "pieces", "chunked", "last", "reset", "poison", "kept", "kept"]
STATUSES = {"reset": 502, "poison": 502}
ROUTES = """
    [[routes]]
    name = "kept"
    prefix = "/kept"
    upstream = "up"
    cache = {}
"""


class Service:
    """Answers with the name that it was asked for, in the way that the path says, or wrongly."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    async def serve(self, stream: trio.SocketStream) -> None:
        while True:
            raw, whole = await read_request(stream)
            if not whole:
                return
            _, kind, name = raw.split(b" ", 2)[1].decode().split("/")
            if not await self._answer(stream, kind, name.encode().ljust(WIDTH, b".")):
                return

    async def _answer(self, stream: trio.SocketStream, kind: str, body: bytes) -> bool:
        """Return whether the connection goes on."""
        sized = response(body=body)
        match kind:
            case "pieces":
                cut = self._dice.randrange(1, len(sized))
                await stream.send_all(sized[:cut])
                await trio.sleep(self._dice.random() / 100)
                await stream.send_all(sized[cut:])
            case "chunked":
                head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                await stream.send_all(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
            case "kept":
                await trio.sleep(self._dice.random() / 100)
                await stream.send_all(response("200 OK", "Cache-Control: max-age=1", body=body))
            case "poison":
                await stream.send_all(sized + response(body=b"somebody else's"))
            case "reset":
                reset(stream)
            case _:
                await stream.send_all(sized)
        return kind not in {"last", "poison", "reset"}


def reset(stream: trio.SocketStream) -> None:
    """Let closing reset the connection."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class Crowd:
    """The clients, and what they saw: status and bytes of a body, by the path they asked for."""

    dice: random.Random
    running: Running
    asked: Counter[str] = field(default_factory=Counter)
    saw: list[tuple[str, int, int]] = field(default_factory=list)

    async def client(self) -> None:
        for _ in range(ROUNDS):
            stream = await self.running.connect()
            async with stream:
                if self.dice.randrange(4):
                    await self._stay(stream)
                else:
                    await self._leave(stream)

    async def _stay(self, stream: trio.SocketStream) -> None:
        client = Client(stream)
        for _ in range(self.dice.randrange(1, 4)):
            targets = self._targets()
            await client.send(b"".join(map(request, targets)))
            for target in targets:
                answer = await client.answer()
                _, kind, name = target.split("/")
                assert answer.status == STATUSES.get(kind, 200), target
                if answer.status == 200:
                    assert answer.body == name.encode().ljust(WIDTH, b".")
                self.saw.append((target, answer.status, len(answer.body)))

    async def _leave(self, stream: trio.SocketStream) -> None:
        data = b"".join(map(request, self._targets()))
        await stream.send_all(data[: self.dice.randrange(1, len(data) + 1)])
        await trio.sleep(self.dice.random() / 50)
        if self.dice.randrange(2):
            reset(stream)

    def _targets(self) -> list[str]:
        """Return what to ask for in one breath: things of one's own, and what all ask for just now."""
        targets = []
        for _ in range(self.dice.choice([1, 1, 2, 5])):
            kind = self.dice.choice(KINDS)
            number = self.asked.total()
            name = f"fashion{number // FASHION}" if kind == "kept" else f"own{number}"
            targets.append(f"/{kind}/{name}")
            self.asked[targets[-1]] += 1
        return targets


@pytest.mark.parametrize("seed", range(3))
async def test_each_gets_its_own_and_is_one_line_whatever_the_others_do(
    road: Road, seed: int
) -> None:
    dice = random.Random(seed)
    port = await road.listen(Service(dice).serve)
    running = await road.gateway_to(port, route=ROUTES)
    crowd = Crowd(dice, running)
    before = await quiet(running)
    async with trio.open_nursery() as nursery:
        for _ in range(CLIENTS):
            nursery.start_soon(crowd.client)
    await balanced(before, running)
    await trio.sleep(2 * FLUSH_SECONDS)
    seen, lines = Counter(crowd.saw), running.lines
    said = Counter((line.get("path"), line["status"], line["bytes_out"]) for line in lines)
    assert not seen - said, "what clients saw, and no line says"
    whole = [line for line in lines if line.get("reason") != INCOMPLETE.reason]
    heard = Counter(line["path"] for line in whole)
    assert not heard - crowd.asked, "more lines than requests"
    assert seen.total() > 200
