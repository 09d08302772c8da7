"""The portal, over real sockets: what the services publish, where clients find it."""

import json
from typing import Any

import pytest
import trio

from services.orders import app as orders
from services.users import app as users
from tests.road import Road, Running, ask, request, response

SECRET = users.secrets[0].decode()


def published(**paths: Any) -> bytes:
    info = {"title": "Up", "version": "1"}
    told = {f"/{name}": {"get": item} for name, item in paths.items()}
    document = {"openapi": "3.0.3", "info": info, "paths": told}
    return response("200 OK", "Content-Type: application/json", body=json.dumps(document).encode())


async def document(running: Running, *lines: str, until: str = "") -> Any:
    """Return the document, once it tells of the path `until`."""
    with trio.fail_after(5):
        while True:
            answer = await ask(running, request("/openapi.json", *lines))
            assert answer.status == 200
            told = json.loads(answer.body)
            if not until or until in told["paths"]:
                return told
            await trio.sleep(0.02)


def routed(port: int, *, more: str = "", name: str = "up") -> str:
    return f"""
        [upstreams.{name}]
        endpoints = ["http://127.0.0.1:{port}"]
        openapi = "/openapi.json"
        {more}
        [[routes]]
        name = "{name}"
        prefix = "/{name}"
        upstream = "{name}"
        strip_prefix = true
        """


async def test_protected_services_are_described_and_their_secret_is_not(road: Road) -> None:
    ports = [await road.application(app) for app in (users, orders)]
    gateway = await road.gateway(
        f"""
        [auth.clients]
        kind = "api-key"
        keys = [{{ id = "ada", value = "k", scopes = ["read"] }}]
        [upstreams.users]
        endpoints = ["http://127.0.0.1:{ports[0]}"]
        openapi = "/openapi.json"
        secret = {{ value = "{SECRET}" }}
        [upstreams.orders]
        endpoints = ["http://127.0.0.1:{ports[1]}"]
        openapi = "/openapi.json"
        secret = {{ value = "{SECRET}" }}
        [[routes]]
        name = "users"
        prefix = "/users"
        upstream = "users"
        auth = ["clients"]
        scopes = ["read"]
        [[routes]]
        name = "orders"
        prefix = "/orders"
        upstream = "orders"
        """
    )
    await document(gateway, until="/users/{id}")
    told = await document(gateway, until="/orders/{id}")
    assert told["paths"]["/users/{id}"]["get"]["security"] == [{"clients": ["read"]}]
    assert told["paths"]["/orders/{id}"]["get"]["security"] == []
    assert {"users.User", "orders.Order"} <= told["components"]["schemas"].keys()
    assert SECRET not in json.dumps(told)
    assert SECRET not in gateway.written.getvalue()
    assert (await gateway.line())["path"] == "/openapi.json"


async def test_a_service_is_asked_with_its_secret_and_no_other_is(road: Road) -> None:
    mine, other = await road.upstream(published(a={})), await road.upstream(published(a={}))
    gateway = await road.gateway(
        routed(mine.port, name="mine", more='secret = { header = "X-Secret", value = "s3cret" }')
        + routed(other.port, name="other")
    )
    await document(gateway, until="/mine/a")
    await document(gateway, until="/other/a")
    assert mine.received[0].startswith(b"GET /openapi.json HTTP/1.1\r\n")
    assert b"x-secret: s3cret\r\n" in mine.received[0]
    assert b"s3cret" not in b"".join(other.received)


async def test_a_service_that_tells_its_secret_is_not_described(road: Road) -> None:
    upstream = await road.upstream(published(a={"description": "send s3cret"}))
    good = await road.upstream(published(b={}))
    gateway = await road.gateway(
        routed(upstream.port, more='secret = { value = "s3cret" }') + routed(good.port, name="good")
    )
    told = await document(gateway, until="/good/b")
    while not upstream.complete:
        await trio.sleep(0.01)
    told = await document(gateway)
    assert "s3cret" not in json.dumps(told)
    assert [path for path in told["paths"] if path.startswith("/up")] == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(body=b"<html>"), id="a page"),
        pytest.param(response(body=b"[" * 100_000), id="deep"),
        pytest.param(response(body=b" " * 3_000_000), id="3 MB"),
        pytest.param(response("404 Not Found"), id="404"),
        pytest.param(response("302 Found", "Location: http://127.0.0.1:1/"), id="a redirect"),
        pytest.param(b"rubbish\r\n\r\n", id="no HTTP"),
    ],
)
async def test_a_service_that_publishes_rubbish_harms_no_other(road: Road, answer: bytes) -> None:
    bad, good = await road.upstream(answer, close=True), await road.upstream(published(a={}))
    gateway = await road.gateway(routed(bad.port, name="bad") + routed(good.port, name="good"))
    told = await document(gateway, until="/good/a")
    with trio.fail_after(5):
        while not bad.complete:
            await trio.sleep(0.01)
    told = await document(gateway)
    assert [path for path in told["paths"] if path.startswith("/bad")] == []
    ready = await ask(gateway, request("/readyz"))
    assert json.loads(ready.body) == {"status": "ready", "ailing": {}}


async def test_a_client_that_has_the_document_is_told_so(road: Road) -> None:
    upstream = await road.upstream(published(a={}))
    gateway = await road.gateway(routed(upstream.port))
    await document(gateway, until="/up/a")
    first = await ask(gateway, request("/openapi.json"))
    tag = (first.value(b"etag") or b"").decode()
    again = await ask(gateway, request("/openapi.json", f"If-None-Match: {tag}"))
    assert (again.status, again.body) == (304, b"")


async def test_the_page_and_its_files_are_there_and_logged(road: Road) -> None:
    gateway = await road.gateway(routed(1))
    page = await ask(gateway, request("/docs"))
    assert b"docs/initializer.js?v=" in page.body
    assert (page.value(b"content-security-policy") or b"").startswith(b"default-src 'none'")
    script = await ask(gateway, request("/docs/swagger-ui-bundle.js"))
    assert len(script.body) > 1_000_000
    assert (await ask(gateway, request("/docs/none.js"))).status == 404
    head = await ask(gateway, request("/docs", method="HEAD"))
    assert (head.status, head.body) == (200, b"")
    await gateway.line(3)
    lines = [(line["path"], line["status"]) for line in gateway.lines]
    assert lines[:3] == [
        ("/docs", 200),
        ("/docs/swagger-ui-bundle.js", 200),
        ("/docs/none.js", 404),
    ]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/page.css"])
async def test_the_portal_can_be_turned_off(road: Road, path: str) -> None:
    upstream = await road.upstream(published(a={}))
    gateway = await road.gateway("[portal]\nenabled = false\n" + routed(upstream.port))
    assert (await ask(gateway, request(path))).status == 404
    assert upstream.connections == 0


@pytest.mark.parametrize(
    ("key", "path", "kept"),
    [
        ("path", "/openapi.json", "/docs"),
        ("path", "/docs", "/openapi.json"),
        ("prefix", "/docs", "/openapi.json"),
    ],
)
async def test_a_route_that_is_called_so_goes_first(
    road: Road, key: str, path: str, kept: str
) -> None:
    upstream = await road.upstream(response(body=b"theirs"))
    gateway = await road.gateway(
        f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{upstream.port}"]
        [[routes]]
        name = "a"
        {key} = "{path}"
        upstream = "up"
        """
    )
    assert (await ask(gateway, request(path))).body == b"theirs"
    assert (await ask(gateway, request(kept))).body != b"theirs"
    if key == "prefix":
        assert (await ask(gateway, request("/docs/page.css"))).body == b"theirs"


async def test_a_catch_all_leaves_the_portal_where_it_is(road: Road) -> None:
    upstream = await road.upstream(response(body=b"theirs"))
    gateway = await road.gateway_to(upstream.port)
    assert json.loads((await ask(gateway, request("/openapi.json"))).body)["openapi"] == "3.1.0"


async def test_each_host_is_told_what_it_serves(road: Road) -> None:
    upstream = await road.upstream(published(a={}))
    gateway = await road.gateway(routed(upstream.port) + '\nhost = "api.example"')
    with trio.fail_after(5):
        while not upstream.complete:
            await trio.sleep(0.01)
    mine = await ask(gateway, request("/openapi.json", host="api.example"))
    assert "/up/a" in json.loads(mine.body)["paths"]
    assert "/up/a" not in (await document(gateway))["paths"]
