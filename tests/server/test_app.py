"""The application as a server meets it: settings first, clean errors, pages, and its end."""

import io
from pathlib import Path

import httpx
import pytest

from gateway_server import Gateway
from gateway_server.front.contract import is_served
from gateway_server.settings import SettingsError
from gateway_server.settings.load import examine_text
from gateway_server.telemetry import AccessLog

ONE_ROUTE = """
[gateway]
drain_timeout = "7s"
body_timeout = "3s"
[upstreams.up]
endpoints = ["http://127.0.0.1:1"]
[[routes]]
name = "a"
prefix = "/a"
upstream = "up"
"""


def gateway(toml: str = ONE_ROUTE) -> Gateway:
    return Gateway(examine_text(toml, ".toml", {}, "test").settings, AccessLog("off"))


def test_our_front_recognises_the_application() -> None:
    assert is_served(gateway())


def test_the_front_is_told_its_bounds_in_seconds() -> None:
    app = gateway()
    app.build()
    assert app.front.drain_timeout == 7.0
    assert app.front.max_head == 64 * 1024


def test_mistakes_are_printed_all_at_once_and_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('[[routes]]\nname = "a"\nprefixx = "/a"\nupstream = "gone"\n')
    monkeypatch.setenv("GATEWAY_CONFIG", str(config))
    with pytest.raises(SystemExit) as caught:
        Gateway().prepare()
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert "prefixx" in told
    assert "gone" in told
    assert "Traceback" not in told


def test_under_another_server_the_mistakes_are_an_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_CONFIG", str(tmp_path / "gone.toml"))
    with pytest.raises(SettingsError):
        Gateway().build()


async def test_the_lifespan_owns_the_supervisor_and_ends_with_it() -> None:
    app = gateway()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gw") as client:
            assert (await client.get("/livez")).json() == {"status": "alive"}
            assert (await client.get("/readyz")).status_code == 200
            app.drain_begun()
            draining = await client.get("/readyz")
            assert (draining.status_code, draining.json()["status"]) == (503, "draining")


async def test_it_serves_under_any_asgi_server_on_trio() -> None:
    app = gateway()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gw") as client:
            answer = await client.get("/a/x")
            assert answer.status_code == 502
            assert answer.headers["content-type"] == "application/problem+json"
            assert (await client.get("/nowhere")).status_code == 404


def test_a_refusal_of_the_connection_is_logged() -> None:
    from gateway_core.refusal import Refusal

    out = io.StringIO()
    app = Gateway(examine_text(ONE_ROUTE, ".toml", {}, "test").settings, AccessLog("json", out))
    app.build()
    facts = {"peer": "192.0.2.1", "method": "GET", "target": b"/x?secret", "request_id": "id"}
    app.refused(Refusal(400, "bad-head", "No."), **facts, bytes_in=5, bytes_out=7)
    assert '"reason": "bad-head"' in out.getvalue()
    assert "secret" not in out.getvalue()
