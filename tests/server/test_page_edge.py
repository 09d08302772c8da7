"""The gateway's own pages have an id and a line like any other answer."""

import io
import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gateway_core.forwarding import ForwardingRules
from gateway_server.page_edge import PageEdge
from gateway_server.telemetry import AccessLog
from gateway_server.telemetry.pages import record_in


class Asked:
    """One request, and what came of it."""

    def __init__(self, method: str = "GET", **fields: str) -> None:
        lines = [(name.encode(), value.encode()) for name, value in fields.items()]
        self.scope: Any = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": "/page",
            "raw_path": b"/page",
            "query_string": b"secret=1",
            "headers": [(b"host", b"gw"), *((n.replace(b"_", b"-"), v) for n, v in lines)],
            "client": ("192.0.2.7", 1234),
        }
        self.sent: list[Any] = []
        self.written = io.StringIO()

    async def of(self, page: Any) -> "Asked":
        edge = PageEdge(page, ForwardingRules(), AccessLog("json", self.written))
        await edge(self.scope, self.receive, self.send)
        return self

    async def receive(self) -> Any:
        return {"type": "http.request", "body": b"12345", "more_body": False}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def line(self) -> dict[str, Any]:
        (line,) = self.written.getvalue().splitlines()
        return json.loads(line)

    @property
    def ids(self) -> list[bytes]:
        return [value for name, value in self.sent[0]["headers"] if name == b"x-request-id"]


async def page(scope: Any, receive: Any, send: Any) -> None:
    request = Request(scope, receive)
    await request.body()
    record_in(scope).consumer, record_in(scope).identity = "ada", "members"
    await PlainTextResponse("hello", headers={"X-Request-ID": "its own"})(scope, receive, send)


async def test_an_answer_has_its_line() -> None:
    asked = await Asked(x_request_id="id-1").of(page)
    line = asked.line
    assert line.pop("time")
    assert line.pop("duration_ms") >= 0
    assert line == {
        "request_id": "id-1",
        "client": "192.0.2.7",
        "method": "GET",
        "path": "/page",
        "status": 200,
        "consumer": "ada",
        "identity": "members",
        "bytes_in": 5,
        "bytes_out": 5,
    }
    assert asked.ids == [b"id-1"]


@pytest.mark.parametrize("sent", [{}, {"x_request_id": "a b\x7f"}])
async def test_an_answer_has_an_id_of_ours_where_there_is_no_sane_one(sent: Any) -> None:
    asked = await Asked(**sent).of(page)
    assert asked.ids == [asked.line["request_id"].encode()]
    assert len(asked.ids[0]) == 32


async def test_of_an_answer_to_head_no_body_is_counted() -> None:
    assert (await Asked("HEAD").of(page)).line["bytes_out"] == 0


async def test_who_left_before_the_answer_is_told_so() -> None:
    async def leave(scope: Any, receive: Any, send: Any) -> None:
        raise OSError("gone")

    asked = Asked()
    with pytest.raises(OSError, match="gone"):
        await asked.of(leave)
    assert (asked.line["status"], asked.line["reason"]) == (499, "client-left")


async def test_a_page_elsewhere_has_a_record_that_nobody_reads() -> None:
    assert record_in({}).status == 0
    assert isinstance(await Asked().of(lambda *parts: Response()(*parts)), Asked)
