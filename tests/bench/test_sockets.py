"""The WebSocket load, its echo, and the subjects that it is sent through."""

import socket
import threading
import time

import pytest

from bench.filling import NAME, fill
from bench.loopback import free_port
from bench.sockets import load
from bench.sockets.echo import serve
from bench.sockets.peers import FILES, PEERS
from bench.sockets.wire import header, message
from bench.subjects.contract import Subject
from gateway_core.frames import CLIENT, UPSTREAM, FrameReader, FramesCame
from tests.configurations import told

KNOWN = {"PORT", "SMALL", "FOLDER", "FILES"}


@pytest.mark.parametrize("size", [0, 64, 125, 126, 1024, 65_535, 65_536])
def test_frames_of_the_load_are_frames(size: int) -> None:
    for side in (CLIENT, UPSTREAM):
        reader = FrameReader(side)
        reader.receive(message(size, masked=side is CLIENT))
        assert reader.next() == FramesCame(side, 1, 0, size, whole=True)
        assert message(size, masked=True).startswith(header(size, masked=True))


@pytest.mark.parametrize("each", PEERS, ids=lambda each: each.name)
def test_every_value_that_a_subject_asks_for_is_known(each: Subject) -> None:
    texts = [*[(FILES / file).read_text() for file in each.files], *each.command]
    asked = {name for text in [*texts, *each.environ.values()] for name in NAME.findall(text)}
    assert {"PORT", "SMALL"} <= asked <= KNOWN | set(each.own)


@pytest.mark.parametrize("each", [peer for peer in PEERS if peer.own], ids=lambda each: each.name)
def test_the_gateways_configuration_is_one_that_it_takes(each: Subject) -> None:
    values = {name: "9000" for name in KNOWN} | dict(each.own)
    assert told(fill((FILES / "sockets.toml").read_text(), values)) == ()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        time.sleep(0.01)
        return False
    return True


@pytest.mark.parametrize("rate", [0.0, 50.0])
def test_the_load_counts_what_comes_back(rate: float) -> None:
    port = free_port()
    threading.Thread(target=serve, args=(port,), daemon=True).start()
    until = time.monotonic() + 10
    while not listens(port):
        assert time.monotonic() < until
    told = load.run(port, 3, 1024, 0.3, rate)
    assert told["errors"] == 0
    assert told["messages"] > 3
    assert 0 < told["p50_us"] <= told["p99_us"]


def test_sockets_at_a_rate_take_turns() -> None:
    assert load.first_turns(4, 50.0) == pytest.approx([0.0, 0.005, 0.010, 0.015])
    assert load.first_turns(3, 0.0) == [0.0, 0.0, 0.0]
