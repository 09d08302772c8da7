import pytest
import trio
from hypercorn.config import Config
from structlog.testing import capture_logs

from gateway_server.front.calls import HttpCall
from tests.server.front.h2_client import H2Client, asking
from tests.server.front.serving import serving

pytestmark = pytest.mark.usefixtures("protocol")

LAST = "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n"


def only_for_example():
    config = Config()
    config.server_names = ["example.com"]
    return config


async def test_server_names_are_heeded_and_the_connection_ended():
    async with serving(only_for_example()) as front:
        assert (await front.ask(LAST.format("/", "example.com"))).endswith(b"hello")
        answer = await front.ask(LAST.format("/", "other.com"))
    assert answer.startswith(b"HTTP/1.1 404 ")


async def test_a_host_that_is_not_ascii_ends_nothing_else():
    """Trigger: Host with server_names set (STACK 2.1)."""
    async with serving(only_for_example()) as front:
        answer = await front.ask(LAST.format("/", "\xff"))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert (await front.ask(LAST.format("/", "example.com"))).endswith(b"hello")


async def test_server_names_hold_for_http_2():
    async with serving(only_for_example(), h2c=True) as front:
        client = await H2Client((await front.connect()).stream).open()
        assert (await client.answer(await client.ask(asking())))[0] == 404


async def test_a_fault_of_ours_ends_its_connection_alone_and_is_logged_once(monkeypatch):
    async def fail(*_):
        raise LookupError("a bug")

    async with serving() as front:
        bystander = await front.connect()
        await bystander.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await bystander.until(b"hello")
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr(HttpCall, "run", fail)
            assert await front.ask(LAST.format("/", "a")) == b""
        assert [(log["event"], log["kind"], log["error"]) for log in logs] == [
            ("connection fault", "LookupError", "a bug")
        ]
        assert any("in fail" in line or line.endswith(" fail") for line in logs[0]["where"])
        await bystander.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await bystander.until(b"hello")


async def test_a_fault_is_logged_without_what_was_in_the_variables():
    async with serving() as front:
        with capture_logs() as logs:
            await front.ask(LAST.format("/fail", "a\r\nAuthorization: Basic c2VjcmV0"))
    assert logs[0]["event"] == "application fault"
    assert "c2VjcmV0" not in str(logs)


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(bytes(range(256)), id="every byte"),
        pytest.param(b"\0" * 100_000, id="NUL"),
        pytest.param(b"\r\n" * 10_000, id="empty lines"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(256)) * 99, id="HTTP/2"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM", id="half a preface"),
    ],
)
@pytest.mark.parametrize("h2c", [False, True])
async def test_noise_ends_nothing_else(noise, h2c):
    async with serving(h2c=h2c, head_timeout=0.5) as front:
        client = await front.connect()
        try:
            await client.say(noise)
        except trio.BrokenResourceError:
            pass
        await client.finish()
        await client.rest()
        await front.stands()


async def test_clients_that_reset_at_any_point_end_nothing_else():
    text = (
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n0\r\n\r\n"
    )
    async with serving() as front:
        for end in range(0, len(text) + 1, 3):
            client = await front.connect()
            await client.say(text[:end])
            client.reset()
        await front.stands()


async def test_a_unix_socket_is_served(tmp_path):
    path = tmp_path / "socket"
    config = Config()
    async with serving(config, bind=f"unix:{path}") as front:
        stream = await trio.open_unix_socket(str(path))
        async with stream:
            await stream.send_all(LAST.format("/", "a").encode())
            got = b""
            while data := await stream.receive_some():
                got += data
    assert got.endswith(b"hello")
    assert front.app.scopes[0]["client"] is None
