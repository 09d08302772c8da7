"""The `gateway` command as a whole."""

from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from gateway_server.cli import main
from gateway_server.cli.registry import app
from tests.interpreted import COMPILED


def test_the_entry_point_runs_the_command_that_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["gateway", "--version"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 0
    kind = "compiled" if COMPILED else "interpreted"
    kinds = f"core {kind}, server {kind}"
    assert capsys.readouterr().out == f"gateway {version('trio-gateway')}, {kinds}\n"


def test_every_command_explains_itself() -> None:
    overview = CliRunner().invoke(app, ["--help"]).output
    for command in ("check", "routes", "schema"):
        assert command in overview
        assert CliRunner().invoke(app, [command, "-h"]).exit_code == 0


@pytest.mark.parametrize("arguments", [["chekc"], ["check", "a", "b"], ["schema", "--no-such"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
