import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from services.secret import RequireSecret


async def socket(ws) -> None:
    await ws.accept()
    await ws.send_text("inside")


ROUTES = [Route("/", lambda request: PlainTextResponse("inside")), WebSocketRoute("/ws", socket)]
app = RequireSecret(Starlette(routes=ROUTES), "s3cret")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param([("X-Gateway-Secret", "s3cret")], 200, id="right"),
        pytest.param([], 403, id="missing"),
        pytest.param([("X-Gateway-Secret", "")], 403, id="empty"),
        pytest.param([("X-Gateway-Secret", "s3cre")], 403, id="shorter"),
        pytest.param([("X-Gateway-Secret", "s3crets")], 403, id="longer"),
        pytest.param([("X-Gateway-Secret", "S3CRET")], 403, id="another case"),
        pytest.param([("X-Gateway-Secret", b"\xff\xfe")], 403, id="no text at all"),
        pytest.param([("X-Gateway-Secret", "s3cret")] * 2, 403, id="twice"),
        pytest.param([("X-Gateway-Secret", "x"), ("x-gateway-secret", "s3cret")], 403, id="two"),
    ],
)
async def test_only_the_gateways_secret_opens(ask, lines, status) -> None:
    answer = await ask(app).get("/", headers=lines)
    assert answer.status_code == status
    assert b"s3cret" not in answer.content


@pytest.mark.parametrize(("told", "status"), [("old", 200), ("new", 200), ("old new", 403)])
async def test_while_a_secret_is_rotated_either_opens(ask, told, status) -> None:
    rotating = RequireSecret(Starlette(routes=ROUTES), "old new")
    assert (await ask(rotating).get("/", headers={"X-Gateway-Secret": told})).status_code == status


async def test_a_refusal_is_json_with_its_length(ask) -> None:
    answer = await ask(app).get("/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/json")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "through the gateway" in answer.json()["detail"]


async def test_a_websocket_without_the_secret_never_opens(
    start, ask_to_upgrade, open_websocket
) -> None:
    port = await start(app)
    refused = await ask_to_upgrade(port, "/ws")
    assert (refused.status_code, b"gateway" in refused.content) == (403, True)
    secret = [(b"x-gateway-secret", b"s3cret")]
    async with open_websocket(port, "/ws", extra_headers=secret) as ws:
        assert await ws.get_message() == "inside"


async def test_a_server_without_denial_responses_is_told_to_close() -> None:
    sent = []

    async def send(message) -> None:
        sent.append(message)

    await app({"type": "websocket", "headers": []}, None, send)
    assert sent == [{"type": "websocket.close"}]


async def test_the_lifespan_passes(start) -> None:
    async with httpx.AsyncClient(headers={"X-Gateway-Secret": "s3cret"}) as client:
        answer = await client.get(f"http://127.0.0.1:{await start(app)}/")
    assert answer.text == "inside"


def test_the_secret_comes_from_the_environment(monkeypatch) -> None:
    monkeypatch.delenv("GATEWAY_SECRET", raising=False)
    assert RequireSecret(app).secrets == [b"change-me"]
    monkeypatch.setenv("GATEWAY_SECRET", "other")
    assert RequireSecret(app).secrets == [b"other"]


def test_an_empty_secret_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("GATEWAY_SECRET", "")
    with pytest.raises(ValueError, match="GATEWAY_SECRET"):
        RequireSecret(app)
