"""The same conversations, through the whole gateway over real sockets."""

import pytest

from tests.core.caching.cases.conversations import CONVERSATIONS, Step
from tests.road import Client, Road


def answer_of(step: Step) -> bytes:
    assert step.says is not None
    lines = b"".join(b"%b: %b\r\n" % line for line in step.says)
    length = b"" if step.said == 304 else b"Content-Length: %d\r\n" % len(step.origin)
    return b"HTTP/1.1 %d X\r\n%b%b\r\n%b" % (step.said, length, lines, step.origin)


def request_of(step: Step) -> bytes:
    lines = b"".join(b"%b: %b\r\n" % line for line in step.asks)
    return b"%b %b HTTP/1.1\r\nHost: gw\r\n%b\r\n" % (step.method.encode(), step.target, lines)


@pytest.mark.parametrize("steps", CONVERSATIONS)
async def test_a_conversation(road: Road, steps: list[Step]) -> None:
    asked = [step for step in steps if step.says is not None]
    upstream = await road.upstream(*map(answer_of, asked))
    gateway = await road.gateway_to(upstream.port, route="cache = {}")
    async with await gateway.connect() as stream:
        client = Client(stream)
        for number, step in enumerate(steps):
            await client.send(request_of(step))
            got = await client.answer(step.method)
            assert got.value(b"x-cache") == step.x_cache.encode(), number
            assert got.status == step.status, number
            if step.method != "DELETE":
                assert got.body == step.body, number
    assert upstream.complete == len(asked)
