import os

import pytest

from gateway_server.cli.programme import LINES, Programme
from gateway_server.settings.demonstration import DEMONSTRATION
from gateway_server.settings.load import examine_text


def settings(text: str = DEMONSTRATION):
    return examine_text(text, ".toml", {}, "test").settings


def text(programme: Programme) -> str:
    return "".join(piece for piece, _ in programme.pieces())


SERVICES = ["service_a:8001", "service_b:8002", "products:8003", "prices:8004", "users:8005"]


def test_the_demonstration_has_a_route_for_every_line() -> None:
    shown = text(Programme("gateway.toml", settings(), "127.0.0.1:8000", SERVICES))
    commands = [line.strip() for line in shown.splitlines() if "http://127.0.0.1:8000/" in line]
    assert len(commands) == len(LINES)
    assert commands[0].endswith("  curl http://127.0.0.1:8000/service-a/items/1")
    assert "serves gateway.toml" in shown
    assert "Ctrl-C" in shown


def test_its_lines_fit_a_terminal_of_100_columns() -> None:
    shown = text(Programme("the built-in demonstration", settings(), "127.0.0.1:8000", SERVICES))
    assert max(map(len, shown.splitlines())) <= 100


def test_only_what_the_configuration_serves_is_shown() -> None:
    only = settings(
        '[upstreams.a]\nendpoints = ["http://x"]\n'
        '[[routes]]\nname = "p"\nprefix = "/products"\nupstream = "a"\n'
    )
    shown = text(Programme("x", only, "127.0.0.1:8000", []))
    assert shown.count("curl") == 1
    assert "/products/1" in shown
    assert "502" in shown


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("0.0.0.0:80", "curl http://127.0.0.1:80/products/1"),
        ("[::]:80", "curl http://[::1]:80/products/1"),
        ("[::1]:80", "curl http://[::1]:80/products/1"),
        ("unix:/run/g.sock", "curl --unix-socket /run/g.sock http://localhost/products/1"),
    ],
)
def test_the_lines_reach_the_gateway_wherever_it_listens(address, command) -> None:
    assert f"  {command}\n" in text(Programme("x", settings(), address, SERVICES))


def test_https_is_asked_by_https() -> None:
    tls = DEMONSTRATION.replace("[gateway]", '[gateway]\ntls = { certificate = "c", key = "k" }')
    assert "curl https://127.0.0.1:1/products/1\n" in text(
        Programme("x", settings(tls), "127.0.0.1:1", [])
    )


def test_a_pipe_gets_plain_text_and_a_terminal_colours(capsys, monkeypatch) -> None:
    programme = Programme("x", settings(), "127.0.0.1:8000", SERVICES)
    programme.show()
    plain = capsys.readouterr().out
    assert plain == text(programme)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    parent, child = os.openpty()
    with open(child, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal)
        programme.show()
        terminal.flush()
        coloured = os.read(parent, 65536).decode()
    os.close(parent)
    assert "\x1b[" in coloured
    assert "http://127.0.0.1:8000/service-a/items/1" in coloured
