"""Tokens of every malformed shape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.identifying.tokens import (
    TOKEN_BYTES_MAX,
    Token,
    is_list,
    is_object,
    read_object,
    read_token,
)
from tests.tokens import claims, part, token

H, P, S = part({"alg": "RS256"}), part({"a": 1}), part(b"s")


def test_a_token_is_read() -> None:
    read = read_token(token())
    assert isinstance(read, Token)
    assert (read.text, read.algorithm, read.key_id) == (token(), "RS256", "k1")
    assert read.claims == claims()


def test_a_token_may_name_no_key() -> None:
    read = read_token(token({"alg": "RS256"}))
    assert isinstance(read, Token)
    assert read.key_id == ""


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({}, ""),
        ({"typ": "JWT"}, "jwt"),
        ({"typ": "at+jwt"}, "at+jwt"),
        ({"typ": "application/AT+JWT"}, "at+jwt"),
        ({"typ": ""}, ""),
    ],
)
def test_a_token_says_what_it_is_in_whichever_spelling(told: dict[str, str], kind: str) -> None:
    read = read_token(token({"alg": "RS256", **told}))
    assert isinstance(read, Token)
    assert read.type == kind


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"abc", id="RFC 7515 3.1 one part"),
        pytest.param(H + b"." + P, id="RFC 7515 3.1 two parts"),
        pytest.param(b".".join([H, P, S, S]), id="four parts"),
        pytest.param(b".".join([H, P, S, S, S]), id="RFC 7516 7.1 an encrypted token"),
        pytest.param(b"..", id="empty parts"),
        pytest.param(b".".join([H, P, b""]), id="RFC 8725 2.1 no signature"),
        pytest.param(b".".join([b"", P, S]), id="no header"),
        pytest.param(b".".join([H, b"", S]), id="no claims"),
        pytest.param(b".".join([H + b"=", P, S]), id="RFC 7515 2 padding"),
        pytest.param(b".".join([H, P, b"a+/="]), id="RFC 4648 4 the other alphabet"),
        pytest.param(b".".join([H, P, b"abcde"]), id="RFC 4648 4 a length that cannot be"),
        pytest.param(b".".join([H, P, b"ab"]), id="RFC 4648 3.5 stray bits"),
        pytest.param(b".".join([H, P + b" ", S]), id="white space"),
        pytest.param(b".".join([H, P, b"\xff\xff"]), id="no ASCII"),
        pytest.param(token(b"\xff"), id="a header that is no UTF-8"),
        pytest.param(token(json.dumps({"alg": "RS256"}).encode("utf-16")), id="UTF-16"),
        pytest.param(token(b"{"), id="a header that is no JSON"),
        pytest.param(token(b"[]"), id="a header that is no object"),
        pytest.param(token(payload=b'"ada"'), id="claims that are no object"),
        pytest.param(token(payload=b'{"sub": "a", "sub": "b"}'), id="RFC 7519 4 a name twice"),
        pytest.param(token(payload=b'{"a": {"b": 1, "b": 2}}'), id="a name twice, inside"),
        pytest.param(token(payload=b'{"exp": NaN}'), id="RFC 8259 6 no number"),
        pytest.param(token(payload=b'{"exp": ' + b"9" * 5000 + b"}"), id="a number without end"),
        pytest.param(token(payload=b'{"a":' + b"[" * 11000), id="nested without end"),
        pytest.param(token({}), id="RFC 7515 4.1.1 no algorithm"),
        pytest.param(token({"alg": None}), id="no algorithm, said so"),
        pytest.param(token({"alg": ["RS256"]}), id="a list of algorithms"),
        pytest.param(token({"alg": "RS256", "kid": 1}), id="RFC 7515 4.1.4 a key id of digits"),
        pytest.param(token({"alg": "RS256", "kid": "k" * 257}), id="a long key id"),
        pytest.param(token({"alg": "RS256", "typ": 1}), id="RFC 7515 4.1.9 a type of digits"),
    ],
)
def test_what_is_no_token_is_refused(text: bytes) -> None:
    assert read_token(text) == "token-malformed"


def test_an_extension_that_must_be_understood_is_not() -> None:
    extended = token({"alg": "RS256", "crit": ["b64"], "b64": False})
    assert read_token(extended) == "token-critical"


def test_a_long_token_is_not_looked_at() -> None:
    assert read_token(b"a" * TOKEN_BYTES_MAX) == "token-malformed"
    assert read_token(b"a" * (TOKEN_BYTES_MAX + 1)) == "token-too-long"


@given(
    st.binary(max_size=80) | st.binary(max_size=20).map(part).map(lambda p: p + b"." + p + b".AA")
)
def test_nothing_raises(text: bytes) -> None:
    assert isinstance(read_token(text), Token | str)


def test_a_token_shows_nothing_of_itself() -> None:
    read = repr(read_token(token()))
    assert "ada" not in read
    assert token().decode() not in read


def test_lists_are_told_from_the_rest() -> None:
    read = read_object(b'{"a": [1], "b": {}, "c": 1}')
    assert read is not None
    assert [is_list(read[name]) for name in "abc"] == [True, False, False]


def test_objects_and_lists_are_told_from_other_values() -> None:
    assert [is_object(value) for value in ({}, [], "", None)] == [True, False, False, False]
