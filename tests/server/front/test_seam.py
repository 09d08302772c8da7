import sys

import hypercorn.trio
import hypercorn.trio.run
import pytest
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext

from gateway_server.front import FrontSettings, Served, demand_known_hypercorn, install, seam
from gateway_server.front.contract import is_served
from tests.end_to_end.served_app import Little
from tests.server.front.serving import serving


async def stranger(scope, receive, send):
    assert scope["type"] != "lifespan"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"stock"})


def test_only_applications_that_speak_the_contract_are_served_by_us():
    assert is_served(Little())
    assert not is_served(stranger)
    assert not is_served(None)


def test_the_contract_is_kept_by_the_gateway():
    from gateway_server import app

    served: Served = app
    assert is_served(served)


async def test_other_applications_in_the_process_keep_hypercorns_own_connections():
    config = Config()
    config.bind, config.errorlog = ["127.0.0.1:0"], None
    async with trio.open_nursery() as nursery:
        binds = await nursery.start(hypercorn.trio.serve, stranger, config)
        stream = await trio.open_tcp_stream("127.0.0.1", int(binds[0].rpartition(":")[2]))
        async with stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            got = b""
            while data := await stream.receive_some():
                got += data
        assert b"server: hypercorn-h11" in got.lower()
        assert config.graceful_timeout == Config.graceful_timeout
        nursery.cancel_scope.cancel()


async def test_the_stock_connections_can_be_had_back():
    async with serving(stock=True) as front:
        await front.stands()
        answer = await front.ask("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")
    assert answer.startswith(b"HTTP/1.1 200")  # bare LF: which ours refuses


def test_what_is_rebound_was_hypercorns():
    assert seam._stock == {
        "Lifespan": Lifespan,
        "WorkerContext": WorkerContext,
        "TCPServer": TCPServer,
    }
    install()
    assert seam._stock["TCPServer"] is TCPServer


@pytest.fixture
def untouched(monkeypatch):
    """Hypercorn as it was before `install`."""
    for name, thing in seam._stock.items():
        monkeypatch.setattr(hypercorn.trio.run, name, thing)
    monkeypatch.setattr(seam, "_stock", {})


def test_the_installed_hypercorn_is_the_one_we_know(untouched):
    assert seam.strangeness() == ""


@pytest.mark.parametrize(
    ("found", "words"), [("0.19.0", "its version is 0.19.0"), ("", "its version is not known")]
)
def test_another_version_is_strange(found, words):
    assert seam.strangeness(found) == words


def test_a_missing_name_is_strange(untouched, monkeypatch):
    monkeypatch.delattr(hypercorn.trio.run, "TCPServer")
    assert seam.strangeness() == "hypercorn.trio.run has no TCPServer"


def test_another_signature_is_strange(untouched, monkeypatch):
    monkeypatch.setattr(hypercorn.trio.run, "WorkerContext", lambda count, more: None)
    assert seam.strangeness() == "hypercorn.trio.run.WorkerContext takes (count, more)"


def test_with_a_strange_hypercorn_importing_harms_nobody_and_serving_says_what_is_wrong(
    untouched, monkeypatch, capsys
):
    monkeypatch.delattr(hypercorn.trio.run, "TCPServer")
    install()
    assert hypercorn.trio.run.WorkerContext is WorkerContext
    stock = hypercorn.trio.run.Lifespan(ASGIWrapper(stranger), Config(), {})
    assert type(stock) is Lifespan
    with pytest.raises(SystemExit) as caught:
        hypercorn.trio.run.Lifespan(ASGIWrapper(Little()), Config(), {})
    assert caught.value.code == 2
    told = capsys.readouterr().err
    for words in ("Hypercorn 0.18.0", "has no TCPServer", "pip install 'hypercorn==0.18.0'"):
        assert words in told


def test_serving_without_the_seam_says_so(untouched, capsys):
    with pytest.raises(SystemExit):
        demand_known_hypercorn()
    assert "install() was not called" in capsys.readouterr().err


def test_with_the_known_hypercorn_there_is_nothing_to_say():
    demand_known_hypercorn()


def test_settings_that_cannot_be_served_end_the_process_before_anything_listens():
    class Bad(Little):
        def prepare(self):
            print("routes.0.prefix: wrong", file=sys.stderr)
            raise SystemExit(2)

    config = Config()
    config.bind = ["127.0.0.1:0"]
    with pytest.raises(SystemExit) as caught:
        trio.run(hypercorn.trio.serve, Bad(), config)
    assert caught.value.code == 2


async def test_hypercorns_settings_follow_ours():
    config = Config()
    config.read_timeout = 5
    async with serving(config, drain_timeout=40.0, keep_alive_timeout=7.0, head_timeout=3.0):
        assert config.graceful_timeout == 45.0
        assert config.keep_alive_timeout == 7.0
        assert config.ssl_handshake_timeout == 3.0
        assert config.read_timeout is None
        assert not config.include_server_header


def test_the_defaults_are_those_that_are_promised():
    defaults = FrontSettings()
    assert (defaults.max_head, defaults.max_fields, defaults.max_target) == (65536, 200, 16384)
    assert (defaults.head_timeout, defaults.write_timeout) == (10, 30)
    assert (defaults.keep_alive_timeout, defaults.drain_timeout) == (75, 30)
