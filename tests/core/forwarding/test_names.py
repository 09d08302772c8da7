"""Field names and values: which belong to a connection, which can be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.names import (
    END_TO_END,
    HOP_BY_HOP,
    PROXY_AUTHENTICATION,
    about_the_connection,
    collapse,
    is_plain,
    is_token,
    is_value,
    nominated,
    writable,
)
from gateway_core.message import Fields


def test_no_name_is_hop_by_hop_and_end_to_end() -> None:
    assert not (HOP_BY_HOP | PROXY_AUTHENTICATION) & END_TO_END


def test_every_known_name_is_a_plain_one() -> None:
    assert all(is_plain(name) and is_token(name) for name in END_TO_END | HOP_BY_HOP)


@pytest.mark.parametrize(
    ("text", "token"),
    [(b"x-a", True), (b"X_a!~|", True), (b"", False), (b"a b", False), (b"a:", False)],
)
def test_a_token_is_what_the_rfc_says(text: bytes, token: bool) -> None:
    assert is_token(text) is token


@pytest.mark.parametrize(
    ("name", "plain"), [(b"x-a1", True), (b"", False), (b"x_a", False), (b"X-A", False)]
)
def test_a_plain_name_has_one_spelling(name: bytes, plain: bool) -> None:
    assert is_plain(name) is plain


@pytest.mark.parametrize(
    ("value", "good"),
    [
        pytest.param(b"", True, id="5.5 empty"),
        pytest.param(b"a\tb \xff", True, id="5.5 tab and obs-text inside"),
        pytest.param(b" a", False, id="5.5 white space in front"),
        pytest.param(b"a\t", False, id="5.5 white space behind"),
        pytest.param(b"a\nb", False, id="5.5 LF"),
        pytest.param(b"a\rb", False, id="5.5 CR"),
        pytest.param(b"a\0b", False, id="5.5 NUL"),
        pytest.param(b"a\x7f", False, id="5.5 DEL"),
    ],
)
def test_a_value_is_what_the_rfc_says(value: bytes, good: bool) -> None:
    assert is_value(value) is good


@pytest.mark.parametrize("name", [b"x_forwarded_for", b"x.forwarded-for", b"x-forwarded_for"])
def test_spellings_that_cgi_confuses_collapse_to_one(name: bytes) -> None:
    assert collapse(name) == b"x-forwarded-for"


def test_a_plain_name_collapses_to_itself() -> None:
    assert all(collapse(name) == name for name in END_TO_END)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param(((b"connection", b"keep-alive"),), (), id="the usual"),
        pytest.param(((b"connection", b"Close"), (b"host", b"a")), (), id="the usual end"),
        pytest.param(((b"connection", b"x-a"),), ((b"connection", b"x-a"),), id="a nomination"),
        pytest.param(((b"te", b"trailers"),), ((b"te", b"trailers"),), id="te"),
    ],
)
def test_small_talk_on_the_connection_is_not_looked_at(fields: Fields, told: Fields) -> None:
    assert about_the_connection(fields) == told


@pytest.mark.parametrize(
    ("connection", "names"),
    [
        pytest.param([b"X-A, ,x-b\t"], {b"x-a", b"x-b"}, id="7.6.1 a list, any case"),
        pytest.param([b"x-a", b"x-b"], {b"x-a", b"x-b"}, id="7.6.1 two lines"),
        pytest.param([b"Authorization, cookie, x-a"], {b"x-a"}, id="7.6.1 end-to-end stays"),
        pytest.param([b"X-Forwarded-For, x-forwarded-port"], set(), id="what a proxy told stays"),
    ],
)
def test_connection_nominates_names_that_are_not_protected(
    connection: list[bytes], names: set[bytes]
) -> None:
    fields = tuple((b"connection", line) for line in connection)
    assert nominated(fields, END_TO_END) == names


def test_clean_fields_are_the_same_object() -> None:
    fields = ((b"a", b"1"), (b"b", b"\xff\t"))
    assert writable(fields) is fields


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3))))
def test_no_line_that_ends_early_survives_and_no_other_is_lost(
    lines: list[tuple[bytes, bytes]],
) -> None:
    def ends_early(line: tuple[bytes, bytes]) -> bool:
        return bool(set(line[0] + line[1]) & {0, 10, 13})

    assert writable(tuple(lines)) == tuple(line for line in lines if not ends_early(line))
