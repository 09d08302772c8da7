"""How old an answer is: RFC 9111, 4.2.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.age import date_value, initial_age
from gateway_core.caching.directives import DELTA_MAX
from gateway_core.clock import UnixTime
from gateway_core.message import Fields
from tests.core.caching.cases.freshness import AGES, AT, DATE, of


@pytest.mark.parametrize(("fields", "asked_at", "answered_at", "age"), AGES)
def test_how_old_it_is_when_it_comes(
    fields: Fields, asked_at: int, answered_at: int, age: int
) -> None:
    assert initial_age(fields, UnixTime(asked_at), UnixTime(answered_at)) == age


def test_when_it_was_made() -> None:
    assert date_value(of(date=DATE), UnixTime(5)) == AT
    assert date_value(of(), UnixTime(5)) == 5


@given(st.binary(max_size=30), st.integers(0, AT), st.integers(0, 10**6))
def test_no_age_field_makes_an_answer_younger_than_its_date(
    told: bytes, since: int, delay: int
) -> None:
    asked = UnixTime(AT + since)
    answered = UnixTime(asked + delay)
    age = initial_age(of(date=DATE, age=told), asked, answered)
    assert min(since + delay, DELTA_MAX) <= age <= DELTA_MAX
