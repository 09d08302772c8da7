"""Who asks: names and scopes that can be written into a field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.errors import ConfigError
from gateway_core.forwarding.names import is_value
from gateway_core.identifying.caller import Caller, are_scopes, is_name


def test_a_caller_is_told_by_name_and_scopes_in_order() -> None:
    assert Caller("ada", frozenset({"write", "read"})).fields == (
        (b"x-consumer-id", b"ada"),
        (b"x-consumer-scopes", b"read write"),
    )


def test_a_caller_without_scopes_is_told_by_name_alone() -> None:
    assert Caller("ada").fields == ((b"x-consumer-id", b"ada"),)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("auth0|5f7c", True),
        ("ada@example.com", True),
        ("https://issuer.example/users/1", True),
        ("", False),
        ("a b", False),
        ("a\r\nx-admin: 1", False),
        ("a\0", False),
        ("ä", False),
        ("\ud800", False),
        ("a" * 255, True),
        ("a" * 256, False),
    ],
)
def test_a_name_is_visible_ascii(name: str, good: bool) -> None:
    assert is_name(name) is good
    if not good:
        with pytest.raises(ConfigError, match="id: must be"):
            Caller(name)


@pytest.mark.parametrize(
    ("scopes", "good"),
    [
        pytest.param(["read", "users:write", "https://a/b.c"], True, id="3.3 scope-token"),
        pytest.param([""], False, id="3.3 at least one character"),
        pytest.param(["a b"], False, id="3.3 no space"),
        pytest.param(['a"'], False, id="3.3 no quote"),
        pytest.param(["a\\"], False, id="3.3 no backslash"),
        pytest.param(["a\n"], False, id="3.3 no control character"),
        pytest.param(["a" * 129], False, id="a long one"),
        pytest.param([str(n) for n in range(64)], True, id="as many as there may be"),
        pytest.param([str(n) for n in range(65)], False, id="one more"),
    ],
)
def test_scopes_are_words(scopes: list[str], good: bool) -> None:
    assert are_scopes(scopes) is good
    if not good:
        with pytest.raises(ConfigError, match="scopes: must be"):
            Caller("a", frozenset(scopes))


@given(st.text(max_size=12), st.frozensets(st.text(max_size=6), max_size=4))
def test_whatever_becomes_a_caller_can_be_written(name: str, scopes: frozenset[str]) -> None:
    if is_name(name) and are_scopes(scopes):
        assert all(is_value(value) for _, value in Caller(name, scopes).fields)
