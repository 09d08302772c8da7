"""The gateway's own pages, and when a route goes before them."""

import json

import pytest
import trio

from tests.road import Road, ask, request, response


async def test_the_gateway_tells_that_it_runs_and_is_ready(road: Road) -> None:
    gateway = await road.gateway(
        '[upstreams.up]\nendpoints = ["http://127.0.0.1:1"]\n'
        '[[routes]]\nname = "a"\nprefix = "/a"\nupstream = "up"\n'
    )
    assert json.loads((await ask(gateway, request("/"))).body) == {
        "message": "API Gateway is running",
        "docs": "/docs",
        "openapi": "/openapi.json",
    }
    assert json.loads((await ask(gateway, request("/livez"))).body) == {"status": "alive"}
    ready = await ask(gateway, request("/readyz"))
    assert json.loads(ready.body) == {"status": "ready", "ailing": {}}


@pytest.mark.parametrize("page", ["/livez", "/docs", "/openapi.json"])
async def test_a_method_that_a_page_does_not_serve_is_refused_like_any(
    road: Road, page: str
) -> None:
    gateway = await road.gateway(
        '[upstreams.up]\nendpoints = ["http://127.0.0.1:1"]\n'
        '[[routes]]\nname = "a"\nprefix = "/a"\nupstream = "up"\n'
    )
    refused = await ask(gateway, request(page, method="PUT"))
    assert (refused.status, refused.problem["type"]) == (
        405,
        "urn:gateway-problem:method-not-allowed",
    )
    assert set((refused.value(b"allow") or b"").split(b", ")) == {b"GET", b"HEAD"}
    line = await gateway.line()
    assert (line["status"], line["reason"], line["path"]) == (405, "method-not-allowed", page)
    assert line["request_id"] == refused.problem["request_id"]


async def test_a_route_that_covers_the_root_goes_first_there_and_not_at_livez(road: Road) -> None:
    upstream = await road.upstream(response(body=b"theirs"))
    gateway = await road.gateway_to(upstream.port)
    assert (await ask(gateway, request("/"))).body == b"theirs"
    assert (await ask(gateway, request("/livez"))).body != b"theirs"


async def test_a_route_that_names_a_page_exactly_has_it(road: Road) -> None:
    upstream = await road.upstream(response(body=b"theirs"))
    gateway = await road.gateway(
        f'[upstreams.up]\nendpoints = ["http://127.0.0.1:{upstream.port}"]\n'
        '[[routes]]\nname = "a"\npath = "/livez"\nupstream = "up"\n'
    )
    assert (await ask(gateway, request("/livez"))).body == b"theirs"
    assert json.loads((await ask(gateway, request("/readyz"))).body)["status"] == "ready"


async def test_what_is_turned_off_is_not_spoken_of(road: Road) -> None:
    gateway = await road.gateway(
        "[portal]\nenabled = false\n"
        '[upstreams.up]\nendpoints = ["http://127.0.0.1:1"]\n'
        '[[routes]]\nname = "a"\nprefix = "/a"\nupstream = "up"\n'
    )
    told = json.loads((await ask(gateway, request("/"))).body)
    assert told == {"message": "API Gateway is running"}


async def test_the_pages_can_be_turned_off(road: Road) -> None:
    gateway = await road.gateway(
        "[gateway]\nendpoints = false\n"
        '[upstreams.up]\nendpoints = ["http://127.0.0.1:1"]\n'
        '[[routes]]\nname = "a"\nprefix = "/a"\nupstream = "up"\n'
    )
    assert (await ask(gateway, request("/livez"))).status == 404


async def test_a_background_task_that_fails_is_shown_and_takes_nothing_along(road: Road) -> None:
    upstream = await road.upstream(response())
    gateway = await road.gateway_to(upstream.port)
    assert gateway.app.supervisor is not None

    async def fail() -> None:
        raise ValueError("secret detail")

    gateway.app.supervisor.start("probe", fail)
    await trio.sleep(0.1)
    ready = await ask(gateway, request("/readyz"))
    assert ready.status == 200
    assert json.loads(ready.body)["ailing"] == {"probe": "ValueError"}
    assert (await ask(gateway, request("/x"))).status == 200
