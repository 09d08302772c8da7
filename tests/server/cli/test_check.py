"""`gateway check`: its words, its exit status, and its colours on a terminal alone."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway_server.cli.registry import app
from tests.configurations import ROUTE

RUN = "from gateway_server.cli import main; main()"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    return tmp_path


def test_a_good_configuration_is_counted(folder: Path) -> None:
    (folder / "g.toml").write_text(ROUTE, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "g.toml"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "g.toml: ok: 1 route, 1 upstream, no warnings\n"


def test_without_a_file_the_one_that_would_be_used_is_checked(folder: Path) -> None:
    assert "the built-in demonstration: ok: 8 routes" in CliRunner().invoke(app, ["check"]).stdout
    (folder / "gateway.toml").write_text(ROUTE, encoding="utf-8")
    assert "gateway.toml: ok: 1 route," in CliRunner().invoke(app, ["check"]).stdout


def test_warnings_are_told_and_pass(folder: Path) -> None:
    (folder / "g.yaml").write_text("routes: []\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "g.yaml"])
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: there are no routes")
    assert result.stdout == "g.yaml: ok: no routes, no upstreams, 1 warning\n"


def test_every_error_is_told_and_the_status_is_2(folder: Path) -> None:
    text = ROUTE.replace('"/a"', '"a"') + "strip = true\n"
    (folder / "g.toml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "g.toml"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "  --> g.toml:8:1\n" in result.stderr
    assert result.stderr.endswith("\n1 error\n") or result.stderr.endswith("\n2 errors\n")


def test_a_missing_file_exits_with_2(folder: Path) -> None:
    result = CliRunner().invoke(app, ["check", "nowhere.toml"])
    assert result.exit_code == 2
    assert result.stderr == "error: there is no such file\n --> nowhere.toml\n\n1 error\n"


def on_a_terminal(folder: Path, **environ: str) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", RUN, "check", "g.toml"]
    env = {**os.environ, "TERM": "xterm-256color", **environ}
    process = subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux: the other end was closed
        pass
    os.close(ours)
    assert process.wait(10) == 2
    return shown.decode()


def test_a_terminal_shows_colours_and_no_line_is_broken(folder: Path) -> None:
    long = "x" * 100
    (folder / "g.toml").write_text(f'{ROUTE}methods = ["{long}", 1]\n', encoding="utf-8")
    shown = on_a_terminal(folder, COLUMNS="80")
    assert "\x1b[1;31merror" in shown
    assert f'methods = ["{long}", 1]' in shown
    assert "\x1b" not in on_a_terminal(folder, NO_COLOR="1", TERM="dumb")
