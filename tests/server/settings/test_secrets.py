"""What is secret, by its name or by its form."""

import pytest

from gateway_server.settings.places import KeyPath
from gateway_server.settings.secrets import credentials, guessed, is_secret, joined


@pytest.mark.parametrize(
    "path",
    [
        ("auth", "clients", "keys", 0, "value"),
        ("a", "client_secret"),
        ("a", "PASSWORD"),
        ("a", "passwrd"),
        ("a", "secrte"),
        ("a", "access_token", "x"),
        ("routes", 0, "request_headers", "set", "Authorization"),
        ("routes", 0, "headers", "X-Api-Key"),
        ("upstreams", "a", "secret", "value"),
    ],
)
def test_a_name_on_the_way_makes_a_value_secret(path: KeyPath) -> None:
    assert is_secret(path)


@pytest.mark.parametrize(
    "path",
    [
        ("gateway", "tls", "key"),
        ("upstreams", "tokens", "endpoints", 0),
        ("gateway", "keep_alive_timeout"),
        ("routes", 0, "prefix"),
        ("routes", 0, "name"),
    ],
)
def test_other_values_are_shown(path: KeyPath) -> None:
    assert not is_secret(path)


def test_credentials_are_found_in_urls() -> None:
    assert credentials("a = 'http://me:pw@host/' # b@c") == [(12, 17)]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        pytest.param(['password = "hunter2'], "password = ", id="behind a name"),
        pytest.param(['"api-key": "hunter2" x'], '"api-key": ', id="in JSON"),
        pytest.param(['a = { b = 1, secret: "x" ]'], "a = { b = 1, secret: ", id="within a line"),
        pytest.param(['token = """', "hunter2"], "", id="a line that goes on with a secret"),
        pytest.param(["token: |", "", "  hunter2 \t x"], "", id="a block of YAML"),
        pytest.param(['a = "b', "c"], "c", id="nothing secret"),
        pytest.param(["c"], "c", id="no name at all"),
    ],
)
def test_what_cannot_be_read_is_hidden_by_guessing(lines: list[str], shown: str) -> None:
    found = guessed(lines, len(lines))
    assert lines[-1][: found[0][0] if found else None] == shown


def test_stretches_are_joined_within_bounds() -> None:
    assert joined([(5, 9), (0, 3), (2, 4), (20, 99), (7, 8)], 1, 30) == [(1, 4), (5, 9), (20, 30)]
    assert joined([(0, 3)], 3, 9) == []
