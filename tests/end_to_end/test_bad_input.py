"""What is ambiguous or malformed is refused, the connection closed, nothing forwarded."""

import pytest
import trio

from gateway_core.http1.flaws import INCOMPLETE
from tests.core.http1.cases import CASES, Case
from tests.road import Client, Road, ask, request, response


async def test_an_unknown_route_is_404_and_a_known_path_with_another_method_405(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway(
        f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "items"
        path = "/items/{{id}}"
        methods = ["GET", "DELETE"]
        upstream = "up"
        """
    )
    missing = await ask(gateway, request("/nothing"))
    assert (missing.status, missing.problem["type"]) == (404, "urn:gateway-problem:no-route")
    wrong = await ask(gateway, request("/items/1", method="POST"))
    assert wrong.status == 405
    assert wrong.value(b"allow") == b"DELETE, GET, HEAD"
    assert (await ask(gateway, request("/items/1"))).status == 200
    assert upstream.connections == 1


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
async def test_connect_and_trace_are_405(road: Road, method: str) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    target = "gw.example:443" if method == "CONNECT" else "/"
    answer = await ask(gateway, request(target, method=method, host="gw.example:443"))
    assert answer.status == 405
    assert upstream.connections == 0


async def test_options_of_the_server_itself_are_answered_here(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, request("*", method="OPTIONS"))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.value(b"allow")
    assert upstream.connections == 0


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(request("/" + "a" * 20_000), 414, id="target of 20 kB"),
        pytest.param(request("/", "X: " + "a" * 70_000), 431, id="field of 70 kB"),
        pytest.param(request("/", *(f"X-{n}: 1" for n in range(201))), 431, id="202 fields"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000, 431, id="a head without an end"),
    ],
)
async def test_a_head_over_its_bounds_is_refused(road: Road, data: bytes, status: int) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    answer = await ask(gateway, data)
    assert answer.status == status
    assert answer.problem["status"] == status
    assert upstream.connections == 0
    line = await gateway.line()
    assert (line["status"], line["bytes_out"]) == (status, len(answer.body))


REFUSED = [case for case in CASES if case.status is not None and case.reason != INCOMPLETE.reason]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
async def test_what_the_judge_refuses_never_reaches_an_upstream(road: Road, case: Case) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(case.sent)
        for _ in range(case.messages):
            assert (await client.answer()).status in {200, 204, 405}
        refusal = await client.answer()
        assert (refusal.status, refusal.problem["status"]) == (case.status, case.status)
        assert refusal.value(b"connection") == b"close"
        assert await client.closed() == b""
    assert upstream.complete <= case.messages
    assert (await ask(gateway, request())).status == 200, "the gateway serves on"


async def test_a_body_refused_in_the_middle_is_one_line_in_the_log(road: Road) -> None:
    upstream = await road.upstream(response(), hold=60)
    gateway = await road.gateway_to(upstream.port)
    async with await gateway.connect() as stream:
        client = Client(stream)
        await client.send(request("/x", "Transfer-Encoding: chunked", method="POST"))
        await client.send(b"5\r\nhello\r\n")
        await trio.sleep(0.1)
        await client.send(b"+5\r\nhello\r\n0\r\n\r\n")
        assert (await client.answer("POST")).status == 400
    line = await gateway.line()
    assert (line["status"], line["path"]) == (400, "/x")
    await trio.sleep(0.1)
    assert len(gateway.lines) == 1
    assert upstream.complete == 0
