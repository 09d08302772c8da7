import os
import re
import signal
import socket
import threading
import urllib.error
import urllib.request

import pytest
import typer

from gateway_server.cli.run import _signals_heard, read_bind
from tests.ports import is_free
from tests.server.cli.process import gateway

CONFIG = """
[upstreams.nobody]
endpoints = ["http://127.0.0.1:9"]

[[routes]]
name = "only-here"
prefix = "/only-here"
upstream = "nobody"
"""
RUNNING = r"Running on http://127.0.0.1:(\d+)"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "gateway.toml").write_text(CONFIG)
    return tmp_path


def status(port: int | str, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_the_configuration_until_a_signal(folder, end, workers) -> None:
    args = ["-c", "conf/gateway.toml", "-b", "127.0.0.1:0", "-w", workers]
    with gateway("run", *args, cwd=folder) as process:
        port = process.find(RUNNING)
        assert status(port, "/livez") == 200
        assert status(port, "/only-here") == 502  # every worker reads the file that was named
        assert status(port, "/elsewhere") == 404
        assert process.end(end) == 0, process.text
    assert is_free(int(port))
    assert "Traceback" not in process.text


def test_the_configurations_bind_and_the_environment_count(folder) -> None:
    conf = folder / "conf" / "gateway.toml"
    conf.write_text('[gateway]\nbind = "unix:s.sock"\n' + CONFIG)
    with gateway("run", cwd=folder, env={"GATEWAY_CONFIG": "conf/gateway.toml"}) as process:
        process.find(r"Running on http://(unix:\S*s.sock)")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(str(folder / "s.sock"))
            sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert sock.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert process.end() == 0
    assert not (folder / "s.sock").exists()


def test_five_mistakes_are_five_errors_and_2(tmp_path) -> None:
    (tmp_path / "gateway.toml").write_text(
        '[gateway]\nworkers = 0\nmax_head = "big"\nnonsense = 1\n'
        '[upstreams.a]\nendpoints = ["ftp://x"]\n[[routes]]\nprefix = "/a"\nupstream = "b"\n'
    )
    with gateway("run", cwd=tmp_path) as process:
        assert process.end(None) == 2
    assert len(re.findall("^error: ", process.text, re.MULTILINE)) >= 5
    assert "gateway.toml:2:" in process.text
    assert "Traceback" not in process.text


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_one_line_and_1(folder, workers) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        args = ["-c", "conf/gateway.toml", "-b", bind, "-w", workers]
        with gateway("run", *args, cwd=folder) as process:
            assert process.end(None) == 1
    assert process.text == (
        f"gateway: cannot listen at {bind}: another program listens there. "
        "Choose another address: --bind 127.0.0.1:8080\n"
    )


def test_a_worker_that_fails_at_its_start_is_not_success(tmp_path) -> None:
    """A configuration that can be read once: by the command, and not by its worker."""
    config = tmp_path / "gateway.toml"
    os.mkfifo(config)

    def write_once() -> None:
        with config.open("w") as fifo:
            config.unlink()
            fifo.write(CONFIG)

    writer = threading.Thread(target=write_once, daemon=True)
    writer.start()
    with gateway("run", "-c", str(config), "-b", "127.0.0.1:0", cwd=tmp_path) as process:
        assert process.end(None) == 1, process.text
    writer.join()
    assert "no such file" in process.text
    assert "gateway: a worker failed, so the gateway has stopped." in process.text


def test_a_certificate_that_cannot_be_used_is_one_line_and_1(folder) -> None:
    conf = folder / "gateway.toml"
    conf.write_text('[gateway]\ntls = { certificate = "c.pem", key = "k.pem" }\n' + CONFIG)
    (folder / "c.pem").write_text("no certificate")
    (folder / "k.pem").write_text("no key")
    with gateway("run", "-b", "127.0.0.1:0", cwd=folder) as process:
        assert process.end(None) == 1
    assert process.text.startswith("gateway: cannot serve HTTPS with c.pem and k.pem: ")
    assert process.text.count("\n") == 1


@pytest.mark.parametrize("bind", ["127.0.0.1:8000", "[::1]:0", ":80", "unix:/run/x", "fd://3"])
def test_an_address_is_read_as_in_the_configuration(bind) -> None:
    assert read_bind(bind) == bind


@pytest.mark.parametrize("bind", ["8000", "localhost", "127.0.0.1:99999", "http://x:1", "unix:"])
def test_what_is_no_address_is_wrong_usage(bind) -> None:
    with pytest.raises(typer.BadParameter, match=re.escape(repr(bind))):
        read_bind(bind)


def test_wrong_usage_is_2(folder) -> None:
    with gateway("run", "--bind", "8000", cwd=folder) as process:
        assert process.end(None) == 2
    assert '"host:port"' in process.text


def test_signals_are_heard_whoever_handles_them() -> None:
    handled = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: handled.append(number))
    try:
        with _signals_heard() as heard:
            assert heard() == set()
            signal.raise_signal(signal.SIGUSR1)
            assert heard() == {signal.SIGUSR1}
            assert heard() == set()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert handled == [signal.SIGUSR1]
    assert signal.set_wakeup_fd(-1) == -1


LIMITED = f"""{CONFIG}limits = ["per-client"]

[limits.per-client]
rate = "10/60s"
"""


@pytest.mark.parametrize(
    ("config", "workers", "told"),
    [
        pytest.param(LIMITED, "2", True, id="limits, two workers"),
        pytest.param(LIMITED, "1", False, id="limits, one worker"),
        pytest.param(CONFIG, "2", False, id="no limits"),
    ],
)
def test_who_has_limits_and_several_workers_is_told_that_each_counts_for_itself(
    folder, config, workers, told
) -> None:
    (folder / "conf" / "gateway.toml").write_text(config)
    args = ["-c", "conf/gateway.toml", "-b", "127.0.0.1:0", "-w", workers]
    with gateway("run", *args, cwd=folder) as process:
        process.find(RUNNING)
        process.end()
    assert ("each of the 2 workers counts requests for itself" in process.text) == told
