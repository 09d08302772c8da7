"""The whole demonstration, with the real services, on ports that nobody uses."""

import json
import re
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from gateway_server.settings.demonstration import DEMONSTRATION
from tests.ports import free_ports, is_free
from tests.server.cli.process import Process, gateway

REPOSITORY = Path(__file__).parents[3]
LISTENS = r"listens at http://127.0.0.1:(\d+) "


@pytest.fixture
def ports() -> list[int]:
    return free_ports(7)


@pytest.fixture
def folder(tmp_path, ports) -> Path:
    """Copy the services, and give them and the demonstration's upstreams other ports."""
    shutil.copytree(REPOSITORY / "services", tmp_path / "services")
    (tmp_path / "gateway.toml").write_text(DEMONSTRATION)
    for file in [*tmp_path.glob("services/*.py"), tmp_path / "gateway.toml"]:
        moved = re.sub(
            r"(PORT: Final = |127\.0\.0\.1:)800([1-7])",
            lambda found: f"{found[1]}{ports[int(found[2]) - 1]}",
            file.read_text(),
        )
        file.write_text(moved)
    return tmp_path


def ask_service(port: int, path: str, headers: dict[str, str]) -> int:
    """Ask a service past the gateway; return the status."""
    return ask(str(port), path, headers=headers)[0]


def ask(
    port: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    method = "GET" if data is None else "PUT"
    url = f"http://127.0.0.1:{port}{path}"
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def started(process: Process) -> str:
    port = process.find(LISTENS)
    process.find("(Ctrl-C ends everything)")
    return port


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_everything_answers_and_ends_at_a_signal(folder, ports, end) -> None:
    with gateway("demo", "--port", "0", cwd=folder) as process:
        port = started(process)
        assert ask(port, "/service-a/items/1") == (200, {"service": "service_a", "item_id": "1"})
        assert ask(port, "/service-a/users")[0] == 200
        assert ask(port, "/products/1")[1]["name"] == "Lamp"
        assert ask(port, "/prices/1")[1]["price"] == 49.9
        assert ask(port, "/uploads/a.txt", b"hello")[1]["size"] == 5
        assert ask(port, "/uploads") == (200, [{"name": "a.txt", "size": 5}])
        assert [ask(port, path)[0] for path in ("/users", "/orders", "/nowhere")] == [401, 401, 404]
        key = {"X-API-Key": "my-secret-key"}
        assert ask(port, "/users/1", headers=key)[1]["name"] == "Ada"
        assert len(ask(port, "/orders", headers=key)[1]) == 3
        assert ask_service(ports[4], "/users/1", key) == 403
        process.find("(/nowhere)")
        began = time.monotonic()
        assert process.end(end) == 0, process.text
    assert time.monotonic() - began < 10
    assert all(is_free(each) for each in [int(port), *ports])
    assert "Traceback" not in process.text
    assert "\x1b" not in process.text


def test_the_second_ctrl_c_ends_at_once(folder, ports) -> None:
    with gateway("demo", "--port", "0", cwd=folder) as process:
        port = int(started(process))
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            waiting.sendall(b"GET /service-a/slow?seconds=12 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.5)
            process.popen.send_signal(signal.SIGINT)
            process.find("(ending)")
            time.sleep(0.5)
            assert process.popen.poll() is None
            assert process.end(signal.SIGINT, patience=5) == 130
    assert all(is_free(each) for each in [port, *ports])


def test_a_taken_port_of_a_service_is_named_with_the_cure(folder, ports) -> None:
    with socket.create_server(("127.0.0.1", ports[3])):
        with gateway("demo", "--port", "0", cwd=folder) as process:
            assert process.end(None) == 1
    assert process.text == (
        f"gateway: cannot listen at 127.0.0.1:{ports[3]} (prices): another program listens there. "
        "End it, or leave the services out: gateway demo --no-services\n"
    )
    assert all(is_free(port) for port in ports)


def test_a_taken_port_of_the_gateway_is_named_with_the_cure(folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with gateway("demo", "--port", str(port), cwd=folder) as process:
            assert process.end(None) == 1
    assert process.text == (
        f"gateway: cannot listen at 127.0.0.1:{port}: another program listens there. "
        "End it, or choose another port: gateway demo --port 8080\n"
    )


def test_without_services_the_gateway_answers_for_them(folder) -> None:
    with gateway("demo", "--no-services", "--port", "0", cwd=folder) as process:
        port = started(process)
        assert ask(port, "/products/1")[0] == 502
        assert process.end() == 0


@pytest.mark.parametrize("other", [None, "THEIRS = True\n"], ids=["nothing", "another package"])
def test_outside_of_the_repository_it_says_where_the_services_are(tmp_path, other) -> None:
    if other:
        (tmp_path / "services.py").write_text(other)
    with gateway("demo", "--port", "0", cwd=tmp_path) as process:
        assert process.end(None) == 1
    assert "the example services are not here" in process.text
    assert "--no-services" in process.text


def test_a_missing_dependency_is_named(folder) -> None:
    (folder / "services" / "uploads.py").write_text("import python_multipart_is_missing\n")
    with gateway("demo", "--port", "0", cwd=folder) as process:
        assert process.end(None) == 1
    assert "pip install 'trio-gateway[services]'" in process.text


def test_a_wrong_configuration_is_2(folder) -> None:
    (folder / "gateway.toml").write_text("[gateway]\nnonsense = 1\n")
    with gateway("demo", cwd=folder) as process:
        assert process.end(None) == 2
    assert "gateway.toml:2:" in process.text
