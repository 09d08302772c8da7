"""Where credentials stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.identifying.places import Field, Parameter
from gateway_core.message import RequestHead

KEY = Field(b"x-api-key")
BEARER = Field(b"authorization", b"bearer")
QUERY = Parameter(b"key")


def head(*fields: tuple[bytes, bytes], target: bytes = b"/") -> RequestHead:
    return RequestHead("GET", target, b"a", fields)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(b"x-api-key", b"k"), (b"x-other", b"o")], [b"k"], id="one"),
        pytest.param([(b"x-api-key", b"k"), (b"x-api-key", b"k")], [b"k", b"k"], id="two"),
        pytest.param([(b"x-api-key", b"")], [b""], id="an empty one"),
    ],
)
def test_a_field_is_the_credential(fields: list[tuple[bytes, bytes]], found: list[bytes]) -> None:
    assert KEY.find(head(*fields)) == found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        pytest.param([], [], id="none"),
        pytest.param([b"Bearer t"], [b"t"], id="RFC 6750 2.1"),
        pytest.param([b"bEARER  t"], [b"t"], id="RFC 9110 11.1 any case, RFC 7235 1*SP"),
        pytest.param([b"Basic eA=="], [], id="another scheme is none of ours"),
        pytest.param([b"Bearer"], [], id="nothing behind the scheme"),
        pytest.param([b"Bearer "], [], id="no credential behind the scheme"),
        pytest.param([b"Bearert"], [], id="no space"),
        pytest.param([b"Bearer t", b"Bearer t"], [b"t", b"t"], id="two"),
        pytest.param([b"Basic eA==", b"Bearer t"], [b"", b"t"], id="two lines are two stories"),
    ],
)
def test_a_scheme_stands_before_the_credential(values: list[bytes], found: list[bytes]) -> None:
    assert BEARER.find(head(*((b"authorization", value) for value in values))) == found


@pytest.mark.parametrize(
    ("target", "found", "left"),
    [
        pytest.param(b"/a", [], b"/a", id="no query"),
        pytest.param(b"/a?", [], b"/a?", id="an empty query"),
        pytest.param(b"/a?b=1", [], b"/a?b=1", id="none"),
        pytest.param(b"/a?key=k", [b"k"], b"/a", id="the only one"),
        pytest.param(b"/a?b=1&key=k&c=%20", [b"k"], b"/a?b=1&c=%20", id="among others"),
        pytest.param(b"/a?%6Bey=k%2B+", [b"k+ "], b"/a", id="written otherwise"),
        pytest.param(b"/a?key", [b""], b"/a", id="without a value"),
        pytest.param(b"/a?key=1&key=2", [b"1", b"2"], b"/a", id="two"),
        pytest.param(b"/a?Key=1&&", [], b"/a?Key=1&&", id="case counts"),
        pytest.param(b"/a?b?key=k", [], b"/a?b?key=k", id="the first mark begins the query"),
    ],
)
def test_a_parameter_is_found_and_taken_out(target: bytes, found: list[bytes], left: bytes) -> None:
    assert QUERY.find(head(target=target)) == found
    assert QUERY.removed_from(target) == left


@given(st.binary(max_size=40))
def test_nothing_is_found_where_it_was_taken_out(query: bytes) -> None:
    left = QUERY.removed_from(b"/a?" + query)
    assert QUERY.find(head(target=left)) == []
    assert QUERY.removed_from(left) == left
