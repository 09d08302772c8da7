"""X-Request-ID: whose is it?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.forwarding.request_ids import REQUEST_ID_MAX, request_id


@pytest.mark.parametrize(
    "told",
    [
        b"01ARZ3NDEKTSV4RRFFQ69G5FAV",
        b"6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        b"host/pid:3@a~b_c.d+e==",
        b"x" * REQUEST_ID_MAX,
    ],
)
def test_a_sane_id_of_the_client_is_kept(told: bytes) -> None:
    assert request_id(((b"x-request-id", told),), "fresh") == told.decode()


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((), id="none"),
        pytest.param((b"",), id="empty"),
        pytest.param((b"a", b"a"), id="two lines"),
        pytest.param((b"x" * (REQUEST_ID_MAX + 1),), id="too long"),
        pytest.param((b"a b",), id="a space"),
        pytest.param((b'{"a":1}',), id="quotes"),
        pytest.param((b"a\r\nb",), id="a line break"),
        pytest.param((b"a,b",), id="a list"),
        pytest.param((b"\xe9",), id="not ASCII"),
    ],
)
def test_any_other_id_is_replaced(told: tuple[bytes, ...]) -> None:
    assert request_id(tuple((b"x-request-id", each) for each in told), "fresh") == "fresh"


@given(st.lists(st.binary(), max_size=3))
def test_an_id_is_always_short_printable_ascii(told: list[bytes]) -> None:
    kept = request_id(tuple((b"x-request-id", each) for each in told), "fresh")
    assert 0 < len(kept) <= REQUEST_ID_MAX
    assert kept.isascii()
    assert kept.isprintable()
    assert " " not in kept
