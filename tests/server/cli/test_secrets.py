"""No command shows a secret of the configuration, right or wrong."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway_server.cli.registry import app

SECRETS = [
    f"hunter2-{name}-0123456789-0123456789" for name in ("key", "jwt", "own", "gw", "sig", "tok")
]
HASHED = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aHVudGVyMi1oYXNo"
KEY, JWT, OWN, GATEWAY, SIGNATURE, TOKEN = SECRETS
TEXT = f"""
[auth.keys]
kind = "api-key"
keys = [{{ id = "ada", value = "{KEY}" }}]
[auth.tokens]
kind = "jwt"
issuer = "i"
audience = "a"
secret = "${{JWT_SECRET}}"
[auth.own]
kind = "password"
secret = "{OWN}"
users = [{{ name = "ada", password = "{HASHED}" }}]
[upstreams.up]
endpoints = ["http://127.0.0.1:1"]
secret = {{ value = "{GATEWAY}" }}
signature = {{ secret = "{SIGNATURE}" }}
caller_token = {{ secret = "{TOKEN}" }}
[[routes]]
name = "r"
prefix = "/"
upstream = "up"
auth = ["keys", "tokens", "own"]
"""
COMMANDS = [
    ["check", "FILE"],
    ["routes", "--config", "FILE"],
    ["schema"],
    ["explain", "GET", "/x", "--config", "FILE"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param("", id="no mistake"),
        pytest.param("nonsense = 1\n", id="an unknown key"),
        pytest.param('scopes = ["a b"]\ncors = { origins = "*", credentials = true }\n', id="two"),
        pytest.param("keys = [", id="no TOML"),
    ],
)
def test_no_command_shows_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], mistake: str
) -> None:
    known = {each.name for each in app.registered_commands} | {
        each.callback.__name__ for each in app.registered_commands if each.callback is not None
    }
    if command[0] not in known:
        pytest.skip(f"there is no command {command[0]}")
    monkeypatch.setenv("JWT_SECRET", JWT)
    file = tmp_path / "gateway.toml"
    file.write_text(TEXT + mistake)
    told = CliRunner().invoke(app, [part.replace("FILE", str(file)) for part in command])
    assert told.output
    assert "Traceback" not in told.output
    for secret in (*SECRETS, HASHED):
        assert secret not in told.output


def test_what_goes_wrong_at_the_start_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gateway_server import Gateway
    from gateway_server.settings import load

    monkeypatch.setenv("JWT_SECRET", JWT)
    short = tmp_path / "secret"
    short.write_text("hunter2-short\n")
    file = tmp_path / "gateway.toml"
    file.write_text(TEXT.replace(f'"{OWN}"', f'"file:{short}"'))
    settings = load(file, {"JWT_SECRET": JWT})
    assert "hunter2" not in repr(settings)
    assert HASHED not in repr(settings)
    with pytest.raises(SystemExit):
        Gateway(settings).prepare()
    told = capsys.readouterr().err
    assert "auth.own.secret: must have 32 bytes or more" in told
    assert "hunter2" not in told
