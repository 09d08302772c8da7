"""`gateway routes`: the order of precedence, and no value that a rule looks for."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway_server.cli.registry import app
from tests.configurations import ROUTE

MORE = """
[[routes]]
name = "b"
path = "/a/{id}"
upstream = "a"
rewrite = "/v2/{id}"
methods = ["GET"]
headers = { X-Api-Key = "hunter2" }
query = { debug = "hunter2" }

[[routes]]
name = "c"
prefix = "/a/b"
upstream = "a"
strip_prefix = true
host = ["*.example.com", "api.example.com"]
"""


@pytest.fixture
def table(tmp_path: Path) -> list[list[str]]:
    path = tmp_path / "g.toml"
    path.write_text(ROUTE + MORE, encoding="utf-8")
    result = CliRunner().invoke(app, ["routes", "--config", str(path)])
    assert result.exit_code == 0
    assert "hunter2" not in result.output
    return [
        [cell.strip() for cell in line.split("  ") if cell] for line in result.stdout.splitlines()
    ]


def test_routes_are_shown_in_the_order_in_which_they_are_preferred(table: list[list[str]]) -> None:
    endpoint = ["a", "http://127.0.0.1:8001"]
    assert table == [
        ["ROUTE", "HOST", "PATH", "METHODS", "ALSO", "UPSTREAM", "ENDPOINTS"],
        ["c", "api.example.com", "prefix /a/b -> /", "*", "-", *endpoint],
        ["c", "*.example.com", "prefix /a/b -> /", "*", "-", *endpoint],
        ["b", "*", "path /a/{id} -> /v2/{id}", "GET,HEAD", "x-api-key ?debug", *endpoint],
        ["a", "*", "prefix /a", "*", "-", *endpoint],
    ]


def test_a_configuration_that_cannot_be_used_exits_with_2(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_text("nonsense", encoding="utf-8")
    assert CliRunner().invoke(app, ["routes", "-c", str(path)]).exit_code == 2


def test_no_routes_are_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_text("[gateway]\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["routes", "-c", str(path)])
    assert result.stdout.split() == [
        "ROUTE",
        "HOST",
        "PATH",
        "METHODS",
        "ALSO",
        "UPSTREAM",
        "ENDPOINTS",
    ]
