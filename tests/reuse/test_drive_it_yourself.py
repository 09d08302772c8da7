"""The core without us: the drivers of docs/how-to/drive-it-yourself.md, as they stand there."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from gateway_core.clock import UnixTime, seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    BodyEnded,
    CallUpstream,
    Exchange,
    Policies,
    RequestArrived,
    Respond,
    StreamBody,
    UpstreamAnswered,
    UpstreamFailed,
)
from gateway_core.message import ResponseHead, value
from gateway_core.upstream import Upstream

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "drive-it-yourself.md"
FENCE = re.compile(r"^```python name=(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def code(*names: str) -> dict[str, Any]:
    """Run the named pieces of the page, one behind the other, and return what they define."""
    pieces = dict(FENCE.findall(PAGE.read_text()))
    found: dict[str, Any] = {}
    for name in names:
        exec(compile(pieces[name], f"{PAGE.name}:{name}", "exec"), found)
    return found


def test_without_a_loop_the_upstream_s_answer_reaches_the_client() -> None:
    page = code("gateway", "synchronous")
    asked, written = [], []

    def call(endpoint, request):
        asked.append((str(endpoint), request.target, value(request.fields, b"x-forwarded-for")))
        return 200, ((b"content-type", b"text/plain"),), b"hello"

    record = page["serve"](
        page["policies"], page["head"], call, lambda *answer: written.append(answer)
    )
    assert asked == [("http://127.0.0.1:8001", b"/world", b"192.0.2.7")]
    assert written == [
        (200, ((b"content-type", b"text/plain"), (b"x-request-id", b"an-id")), b"hello")
    ]
    assert (record.status, record.route) == (200, "hello")


def test_without_a_loop_a_dead_upstream_is_502() -> None:
    page = code("gateway", "synchronous")
    written = []

    def call(endpoint, request):
        raise ConnectionRefusedError

    record = page["serve"](
        page["policies"], page["head"], call, lambda *answer: written.append(answer)
    )
    assert [status for status, _, _ in written] == [502]
    assert record.reason == "upstream-refused"


def run(policies: Policies, head, answers: list) -> list[object]:
    """Drive one exchange under asyncio; an answer of None never comes."""
    commands: list[object] = []
    page = code("asyncio")

    async def perform(command):
        commands.append(command)
        match command:
            case CallUpstream():
                answer = answers.pop(0)
                if answer is None:
                    await asyncio.get_running_loop().create_future()
                return answer
            case StreamBody():
                return BodyEnded()

    asyncio.run(page["drive"](Exchange(policies), RequestArrived(head, "id"), perform))
    return commands


OK = UpstreamAnswered(ResponseHead(200, ()), UnixTime(0), UnixTime(0))


@pytest.mark.parametrize(
    ("answer", "ended_in"),
    [
        pytest.param(OK, StreamBody, id="answered"),
        pytest.param(UpstreamFailed(FailureKind.RESET), Respond, id="reset"),
        pytest.param(None, Respond, id="silent"),
    ],
)
def test_under_asyncio_the_same_exchange_runs(answer, ended_in: type) -> None:
    page = code("gateway")
    quick = Upstream("greeter", page["policies"].upstreams["greeter"].endpoints, seconds(0.05))
    policies = Policies(page["policies"].router, {"greeter": quick})
    commands = run(policies, page["head"], [answer])
    assert [type(command) for command in commands] == [CallUpstream, ended_in]
    if answer is None:
        assert isinstance(commands[-1], Respond)
        assert commands[-1].head.status == 504
