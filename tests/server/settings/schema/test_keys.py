"""Numbers, switches and choices: strict in files, and readable from variables."""

import pytest

from tests.configurations import ROUTE, only, read, told


def test_numbers_and_switches_may_come_from_variables() -> None:
    text = '[gateway]\nworkers = "${N}"\nh2c = "${ON:-true}"\nmax_request_body = "${B}"\n' + ROUTE
    gateway = read(text, environ={"N": "3", "B": "false"}).gateway
    assert (gateway.workers, gateway.h2c, gateway.max_request_body) == (3, True, False)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param('workers = "2"', "is no whole number", id="a number in quotes"),
        pytest.param("workers = 2.0", "is no whole number", id="a fraction"),
        pytest.param("workers = true", "is no whole number", id="a switch"),
        pytest.param("workers = 0", "must be from 1 to 256", id="too small"),
        pytest.param('workers = "${WORD}"', "is no whole number", id="a variable that is a word"),
        pytest.param('h2c = "true"', "is neither true nor false", id="a switch in quotes"),
        pytest.param("h2c = 1", "is neither true nor false", id="a number"),
        pytest.param(
            'access_log = "yes"', 'must be "auto", "json", "console" or "off"', id="no such choice"
        ),
        pytest.param('protocol = "quick"', 'must be "own" or "stock"', id="no such protocol"),
        pytest.param('via = "a b"', "is no name for Via", id="a space in a token"),
    ],
)
def test_types_are_strict(line: str, message: str) -> None:
    text = f"[gateway]\n{line}\n{ROUTE}"
    assert only(told(text, environ={"WORD": "many"})).message == message


def test_a_list_with_one_member_may_be_written_without_its_brackets() -> None:
    text = '[gateway]\nbind = "[::1]:80"\ntrusted_proxies = "unix"\n'
    gateway = read(text + ROUTE + 'methods = "GET"\nhost = "a.example"\n')
    assert gateway.gateway.bind == ("[::1]:80",)
    assert gateway.gateway.trusted_proxies == ("unix",)
    assert gateway.routes[0].methods == ("GET",)


def test_nothing_changes_once_it_is_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(ROUTE).gateway.workers = 2
