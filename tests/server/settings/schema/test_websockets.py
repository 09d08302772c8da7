"""How WebSockets are held, as operators write it: what is right, and what is told of the rest."""

import pytest

from tests.configurations import ROUTE, only, read, told


def problem(line: str):
    return only(told(f"{ROUTE}websocket = {line}\n"))


@pytest.mark.parametrize("line", ["false", "{}", '{ messages = "5/1m" }', '{ origins = "null" }'])
def test_what_may_stand_there(line: str) -> None:
    assert told(f"{ROUTE}websocket = {line}\n") == ()


def test_false_and_a_table_are_told_apart() -> None:
    assert read(f"{ROUTE}websocket = false\n").routes[0].websocket is False
    settings = read(ROUTE).routes[0].websocket
    assert settings is not False
    assert (settings.max_message, settings.messages, settings.too_fast) == (2**24, None, "close")


@pytest.mark.parametrize(
    ("line", "path", "message", "cure"),
    [
        ("true", "routes[0].websocket", "can only be false, or a table", "leave the key out"),
        ('"off"', "routes[0].websocket", "must be a table", "keys of its own"),
        ("{ max_mesage = 5 }", "routes[0].websocket.max_mesage", "unknown key", "max_message"),
        ('{ messages = "5" }', "routes[0].websocket.messages", "is no rate", "10/60s"),
        ('{ max_message = "1B" }', "routes[0].websocket.max_message", "must be from", ""),
        ('{ too_fast = "drop" }', "routes[0].websocket.too_fast", "must be", ""),
        ('{ idle_timeout = "0s" }', "routes[0].websocket.idle_timeout", "must be from", ""),
        (
            '{ origins = ["app.example"] }',
            "routes[0].websocket.origins[0]",
            "no origin",
            "https://",
        ),
        (
            '{ origins = ["https://app.example/"] }',
            "routes[0].websocket.origins[0]",
            "no origin",
            "no path",
        ),
        (
            '{ origins = ["https://äpp.example"] }',
            "routes[0].websocket.origins[0]",
            "no origin",
            "",
        ),
        ('{ origins = ["https://["] }', "routes[0].websocket.origins[0]", "no origin", ""),
        ("{ origins = [5] }", "routes[0].websocket.origins[0]", "no origin", ""),
    ],
)
def test_a_mistake_is_told_at_its_key(line: str, path: str, message: str, cure: str) -> None:
    found = problem(line)
    assert found.path == path
    assert message in found.message
    assert cure in found.help
