"""`python -m services.NAME`, as a reader runs it."""

import importlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import services


@contextmanager
def start(name: str, port: int) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"services.{name}"],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_service_starts_alone_and_ends_at_a_signal(end) -> None:
    with start("products", 0) as process:
        address = process.stdout.readline().split()[0]
        with urllib.request.urlopen(f"{address}/products", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(end)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_second_signal_waits_for_nobody() -> None:
    with start("service_a", 0) as process:
        port = int(process.stdout.readline().split()[0].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            waiting.sendall(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/users", timeout=10):
                process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=3)
    assert process.returncode == 0


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start("prices", port) as process:
            _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert err.startswith(f"cannot serve on 127.0.0.1:{port}: ")
    assert err.count("\n") == 1


def test_every_service_has_an_application_and_a_port_of_its_own() -> None:
    modules = [importlib.import_module(f"services.{name}") for name in services.NAMES]
    assert [module.PORT for module in modules] == list(range(8001, 8008))
    assert all(callable(module.app) for module in modules)
