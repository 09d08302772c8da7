"""What the portal answers, asked as an ASGI application, without a socket."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette

from gateway_core.describing import Description
from gateway_server.portal.files import ASSETS, asset
from gateway_server.portal.pages import Portal
from tests.core.describing.services import below, described, get, serving


@dataclass
class Published:
    """What a service published last."""

    held: Description | None = None
    generation: int = 0
    closed: bool = False

    def publish(self, **paths: Any) -> None:
        self.held = described({f"/{name}": item for name, item in paths.items()})
        self.generation += 1

    async def aclose(self) -> None:
        self.closed = True


class Reader:
    """A client of the portal's pages."""

    def __init__(self, *hosts: str) -> None:
        self.service = Published()
        routes = [below("/up", "up"), *(below("/h", "up", name=h, hosts=(h,)) for h in hosts)]
        self.portal = Portal(serving(*routes), {"up": self.service})  # type: ignore[dict-item]
        self.app = Starlette(routes=self.portal.routes)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=transport, base_url="http://gw.example") as client:
            return await client.get(path, headers=fields)

    async def paths(self, host: str = "gw.example") -> list[str]:
        return list((await self.get("/openapi.json", host=host)).json()["paths"])


async def test_the_document_tells_what_services_published_last() -> None:
    reader = Reader()
    assert await reader.paths() == []
    reader.service.publish(a=get())
    assert await reader.paths() == ["/up/a"]
    reader.service.publish(b=get())
    answer = await reader.get("/openapi.json")
    assert list(answer.json()["paths"]) == ["/up/b"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_document_is_made_once_a_change_and_once_a_set_of_hosts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = Reader("a.example", "*.b.example")
    reader.service.publish(x=get())
    for number in range(5):
        await reader.paths("gw.example")
        await reader.paths("a.example")
        await reader.paths(f"c{number}.b.example")
        await reader.paths(f"no{number}.example")
    assert len(reader.portal._made) == 3
    assert await reader.paths("gw.example") == ["/up/x"]
    assert await reader.paths("A.example:80") == ["/up/x", "/h/x"]


@pytest.mark.parametrize("host", [b"", b"\xff", b"[", b"[x]", b"a b", b"a..b", b"a.example:x"])
async def test_a_host_that_is_none_is_told_what_every_host_serves(host: bytes) -> None:
    reader = Reader("a.example")
    reader.service.publish(x=get())
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "http", "method": "GET", "path": "/openapi.json", "headers": [(b"host", host)]}
    await reader.app(scope, None, send)  # type: ignore[arg-type]
    assert list(json.loads(told[1]["body"])["paths"]) == ["/up/x"]
    assert await reader.paths("gw.example") == ["/up/x"]


async def test_who_has_the_document_is_told_so() -> None:
    reader = Reader()
    first = await reader.get("/openapi.json")
    tag = first.headers["etag"]
    for told in (tag, f'"x", W/{tag}', "*"):
        again = await reader.get("/openapi.json", if_none_match=told)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    reader.service.publish(a=get())
    assert (await reader.get("/openapi.json", if_none_match=tag)).status_code == 200


async def test_what_is_not_told_is_logged_once() -> None:
    reader = Reader()
    reader.service.publish(a={"$ref": "http://elsewhere.example"})
    with structlog.testing.capture_logs() as logs:
        await reader.get("/openapi.json")
        await reader.get("/openapi.json")
        reader.service.publish(a={"$ref": "http://elsewhere.example"}, b=get())
        await reader.get("/openapi.json")
    assert [(log["upstream"], log["reason"], log["where"]) for log in logs] == [
        ("up", "reference-elsewhere", "http://elsewhere.example")
    ]


async def test_halves_of_characters_are_sent_as_they_were_read() -> None:
    reader = Reader()
    reader.service.publish(a=get(summary="\ud800"))
    answer = await reader.get("/openapi.json")
    assert json.loads(answer.content)["paths"]["/up/a"]["get"]["summary"] == "\ud800"


async def test_the_page_may_do_what_it_needs_and_nothing_else() -> None:
    answer = await Reader().get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)


@pytest.mark.parametrize("path", ASSETS, ids=bytes.decode)
async def test_a_file_is_kept_for_ever_where_it_is_asked_for_by_its_hash(path: bytes) -> None:
    reader, file = Reader(), asset(path)
    answer = await reader.get(f"{path.decode()}?v={file.version}")
    assert answer.content == file.body
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == file.media_type
    for query in ("", "?v=older", f"?v={file.version}&x"):
        other = await reader.get(path.decode() + query)
        assert other.headers["cache-control"] == "no-cache"
        again = await reader.get(path.decode() + query, if_none_match=other.headers["etag"])
        assert again.status_code == 304


async def test_the_portal_closes_what_it_asks_by() -> None:
    reader = Reader()
    await reader.portal.aclose()
    assert reader.service.closed
