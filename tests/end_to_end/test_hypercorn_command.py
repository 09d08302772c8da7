"""The plain `hypercorn` command, with a gateway: over TCP, TLS and a unix socket, by two workers."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.road import Certificate

SECONDS = 30.0
"""For a command to start, on a busy machine."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def upstream() -> Iterator[int]:
    """A service that answers each request of each connection."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                connection.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


@contextmanager
def hypercorn(folder: Path, config: str, *more: str) -> Iterator[subprocess.Popen[str]]:
    (folder / "gateway.toml").write_text(config)
    command = [sys.executable, "-m", "hypercorn", "gateway_server:app", "--worker-class", "trio"]
    process = subprocess.Popen(
        [*command, *more],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "GATEWAY_CONFIG"},
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()


def ask(connection: socket.socket) -> bytes:
    with connection:
        connection.settimeout(SECONDS)
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got = b""
        while data := connection.recv(65536):
            got += data
        return got


def patiently(connect) -> socket.socket:
    """Connect once the command listens."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            return connect()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def routed(port: int) -> str:
    return f"""
        [upstreams.up]
        endpoints = ["http://127.0.0.1:{port}"]
        [[routes]]
        name = "all"
        prefix = "/"
        upstream = "up"
    """


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requests_are_served_by_however_many_workers(tmp_path: Path, workers: str) -> None:
    (port,) = free_ports(1)
    bind = f"127.0.0.1:{port}"
    with (
        upstream() as service,
        hypercorn(tmp_path, routed(service), "--bind", bind, "--workers", workers) as process,
    ):
        first = patiently(lambda: socket.create_connection(("127.0.0.1", port)))
        assert ask(first).endswith(b"\r\n\r\nok")
        for _ in range(20):
            assert ask(socket.create_connection(("127.0.0.1", port))).endswith(b"\r\n\r\nok")
        process.terminate()
        assert process.wait(SECONDS) == 0


def test_tls_is_served_by_two_workers(tmp_path: Path) -> None:
    certificate = Certificate.issue(tmp_path)
    (port,) = free_ports(1)
    more = ["--certfile", certificate.chain, "--keyfile", certificate.key, "--workers", "2"]

    def connect() -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", port))
        try:
            return certificate.trust.wrap_socket(plain, server_hostname="127.0.0.1")
        except BaseException:
            plain.close()
            raise

    with (
        upstream() as service,
        hypercorn(tmp_path, routed(service), "--bind", f"127.0.0.1:{port}", *more) as process,
    ):
        assert ask(patiently(connect)).endswith(b"\r\n\r\nok")
        for _ in range(5):
            assert ask(connect()).endswith(b"\r\n\r\nok")
        process.terminate()
        assert process.wait(SECONDS) == 0


def test_a_unix_socket_is_served_by_two_workers(tmp_path: Path) -> None:
    path = tmp_path / "s"

    def connect() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
        except BaseException:
            connection.close()
            raise
        return connection

    with (
        upstream() as service,
        hypercorn(tmp_path, routed(service), "--bind", f"unix:{path}", "--workers", "2") as process,
    ):
        for _ in range(5):
            assert ask(patiently(connect)).endswith(b"\r\n\r\nok")
        process.terminate()
        assert process.wait(SECONDS) == 0


@pytest.mark.parametrize(("workers", "status"), [("0", 2), ("1", 0), ("2", 0)])
def test_a_mistake_in_the_configuration_ends_it_with_hypercorn_s_own_status(
    tmp_path: Path, workers: str, status: int
) -> None:
    """0 from Hypercorn's parent process, whatever its workers ended with: docs/how-to/serve.md."""
    with hypercorn(
        tmp_path, "nonsense = 1", "--bind", "127.0.0.1:0", "--workers", workers
    ) as process:
        told, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == status
    assert "nonsense" in told
    assert "Traceback" not in told
