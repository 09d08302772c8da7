"""A dictionary of Structured Fields is read whole, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.structured import Value, parse_dictionary
from tests.core.caching.cases.structured import DICTIONARIES, NO_DICTIONARIES


@pytest.mark.parametrize(("text", "members"), DICTIONARIES)
def test_a_dictionary(text: bytes, members: dict[bytes, Value]) -> None:
    assert parse_dictionary(text) == members


@pytest.mark.parametrize("text", NO_DICTIONARIES)
def test_what_is_no_dictionary(text: bytes) -> None:
    assert parse_dictionary(text) is None


@given(st.text(alphabet='ab1=,;"\\()?:@. \t-*', max_size=40))
def test_any_text_gives_members_or_none(text: str) -> None:
    found = parse_dictionary(text.encode())
    assert found is None or all(found)
