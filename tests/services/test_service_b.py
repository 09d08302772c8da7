import httpx
import pytest
from trio_websocket import ConnectionClosed

from services.service_b import app, close_code


@pytest.fixture
async def connect(start, open_websocket):
    """Give an opener of WebSockets to the service."""
    port = await start(app)
    return lambda target="/ws", **options: open_websocket(port, target, **options)


@pytest.mark.parametrize(
    "message", ["", "text", "żółw 🐢", b"", b"\x00\xff", "x" * 300_000, bytes(300_000)], ids=type
)
async def test_text_stays_text_and_binary_binary(connect, message) -> None:
    async with connect() as ws:
        await ws.send_message(message)
        answer = await ws.get_message()
    assert (type(answer), answer) == (type(message), message)


async def test_messages_come_back_in_order(connect) -> None:
    async with connect() as ws:
        for n in range(50):
            await ws.send_message(str(n))
        assert [await ws.get_message() for _ in range(50)] == [str(n) for n in range(50)]


@pytest.mark.parametrize(
    ("offered", "accepted"),
    [(["echo"], "echo"), (["chat", "echo"], "echo"), (["chat"], None), (None, None)],
)
async def test_the_subprotocol_echo_is_accepted_where_offered(connect, offered, accepted) -> None:
    async with connect(subprotocols=offered or ()) as ws:
        assert ws.subprotocol == accepted


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
async def test_the_clients_close_code_is_returned(connect, code) -> None:
    async with connect() as ws:
        await ws.aclose(code, "bye")
        assert (ws.closed.code, ws.closed.reason) == (code, "bye")


@pytest.mark.parametrize("code", [1000, 1008, 1013, 4321])
async def test_the_service_closes_with_the_code_that_was_asked_for(connect, code) -> None:
    async with connect(f"/ws?close={code}&reason=bye") as ws:
        with pytest.raises(ConnectionClosed) as closed:
            await ws.get_message()
    assert (closed.value.reason.code, closed.value.reason.reason) == (code, "bye")


@pytest.mark.parametrize(
    "query",
    [
        "close=1005",
        "close=1006",
        "close=1015",
        "close=x",
        "close=0",
        "close=5000",
        "close=",
        "close=1000&reason=" + "r" * 124,
    ],
)
async def test_a_close_that_may_not_travel_is_refused_before_it_opens(
    start, ask_to_upgrade, query
) -> None:
    assert (await ask_to_upgrade(await start(app), f"/ws?{query}")).status_code == 400


@pytest.mark.parametrize("text", ["１０００", "+999", "-100", "1e99", " 100"])
def test_a_close_code_is_four_digits(text) -> None:
    assert close_code(text) == 0


async def test_one_who_leaves_without_a_word_disturbs_nobody(connect) -> None:
    async with connect() as other:
        async with connect() as ws:
            await ws.send_message("x")
            await ws._stream.aclose()
        await other.send_message("still here")
        assert await other.get_message() == "still here"


async def test_a_ping_is_answered(connect) -> None:
    async with connect() as ws:
        await ws.ping(b"payload")


async def test_the_home_page_tells_where_the_socket_is(ask) -> None:
    answer = await ask(app).get("/")
    assert answer.json() == {
        "service": "service_b",
        "websocket": "/ws",
        "subprotocol": "echo",
        "page": "/chat",
    }


async def test_plain_http_is_told_to_upgrade(start) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{await start(app)}/ws")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")


async def test_another_path_is_no_socket(start, ask_to_upgrade) -> None:
    assert (await ask_to_upgrade(await start(app), "/other")).status_code in {403, 404}
