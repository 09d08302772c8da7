"""`gateway keys`."""

import re
import tomllib

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from gateway_core.identifying import digest_of
from gateway_server.cli.registry import app
from tests.configurations import ROUTE, read


def test_a_new_key_is_shown_once_and_its_digest_is_ready_to_be_kept() -> None:
    told = CliRunner().invoke(app, ["keys", "new", "ada", "-s", "write", "-s", "read"])
    assert told.exit_code == 0
    key = re.search(r"gw_[A-Za-z0-9_-]{43}", told.stderr)
    assert key is not None
    assert key[0] not in told.stdout
    entry = tomllib.loads(f"key = {told.stdout}")["key"]
    assert entry["sha256"] == digest_of(key[0]).hex()
    text = f'[auth.c]\nkind = "api-key"\nkeys = [{told.stdout.strip()}]\n{ROUTE}auth = ["c"]\n'
    (kept,) = read(text).auth["c"].keys
    assert (kept.id, kept.scopes) == ("ada", ("read", "write"))


def test_two_keys_are_never_the_same() -> None:
    told = [CliRunner().invoke(app, ["keys", "new", "ada"]).stdout for _ in range(2)]
    assert told[0] != told[1]


@pytest.mark.parametrize("arguments", [["a b"], ["ada", "-s", 'x"y'], ["ada\r\n"]])
def test_what_cannot_be_written_into_a_field_names_nobody(arguments: list[str]) -> None:
    told = CliRunner().invoke(app, ["keys", "new", *arguments])
    assert told.exit_code == 2
    assert told.stdout == ""


def test_a_password_is_hashed_from_stdin() -> None:
    told = CliRunner().invoke(app, ["keys", "password"], input="hunter2 \n")
    assert told.exit_code == 0
    assert "hunter2" not in told.output
    assert PasswordHasher().verify(told.stdout.strip(), "hunter2 ")


def test_an_empty_password_is_none() -> None:
    assert CliRunner().invoke(app, ["keys", "password"], input="\n").exit_code == 2
