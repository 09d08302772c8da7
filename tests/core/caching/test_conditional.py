"""Conditions, judged by a stored answer: RFC 9110, 8.8.3 and 13."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.asking import Asked
from gateway_core.caching.conditional import (
    not_modified,
    opaque,
    range_is_current,
    same_strong,
    same_weak,
)
from gateway_core.clock import UnixTime
from tests.core.caching.cases.freshness import AT, DATE, DAY_BEFORE, MINUTE_BEFORE, MINUTE_LATER
from tests.core.caching.entries import entry

TAGGED = {"etag": b'"a"'}
WEAK = {"etag": b'W/"a"'}
DATED = {"last_modified": MINUTE_BEFORE, "modified": UnixTime(AT - 60)}


@pytest.mark.parametrize(
    ("stored", "asked", "matches"),
    [
        pytest.param(TAGGED, Asked(), False, id="no condition"),
        pytest.param(TAGGED, Asked(if_none_match=(b'"a"',)), True, id="13.1.2 its tag"),
        pytest.param(TAGGED, Asked(if_none_match=(b'"b"',)), False, id="13.1.2 another"),
        pytest.param(TAGGED, Asked(if_none_match=(b'W/"a"',)), True, id="8.8.3.2 weakly"),
        pytest.param(WEAK, Asked(if_none_match=(b'"a"',)), True, id="8.8.3.2 weakly, too"),
        pytest.param(TAGGED, Asked(if_none_match=(b'"b", "a"',)), True, id="13.1.2 one of a list"),
        pytest.param(
            TAGGED, Asked(if_none_match=(b'"b"', b', ,"a"')), True, id="13.1.2 of two lines"
        ),
        pytest.param(TAGGED, Asked(if_none_match=(b'"b, \\"a"',)), False, id="8.8.3 no escapes"),
        pytest.param(TAGGED, Asked(if_none_match=(b'x, "a"',)), False, id="rubbish ends a list"),
        pytest.param(TAGGED, Asked(if_none_match=(b"a",)), False, id="8.8.3 quotes are part of it"),
        pytest.param({"etag": b"a"}, Asked(if_none_match=(b"a",)), False, id="8.8.3 of both"),
        pytest.param({}, Asked(if_none_match=(b'"a"',)), False, id="13.1.2 no tag is stored"),
        pytest.param({}, Asked(if_none_match=(b" * ",)), True, id="13.1.2 anything"),
        pytest.param(
            {**TAGGED, "status": 404}, Asked(if_none_match=(b'"a"',)), False, id="4.3.2 200"
        ),
        pytest.param(DATED, Asked(if_modified_since=MINUTE_BEFORE), True, id="13.1.3 at that time"),
        pytest.param(DATED, Asked(if_modified_since=DATE), True, id="13.1.3 earlier"),
        pytest.param(DATED, Asked(if_modified_since=DAY_BEFORE), False, id="13.1.3 later"),
        pytest.param(DATED, Asked(if_modified_since=b"0"), False, id="13.1.3 no date"),
        pytest.param(
            DATED,
            Asked(if_modified_since=b"Saturday, 28-Nov-26 08:59:00 GMT"),
            True,
            id="5.6.7 the same time in other words",
        ),
        pytest.param({}, Asked(if_modified_since=DATE), True, id="4.3.2 by when it was made"),
        pytest.param({}, Asked(if_modified_since=MINUTE_BEFORE), False, id="4.3.2 made later"),
        pytest.param(
            {**TAGGED, **DATED},
            Asked(if_none_match=(b'"a"',), if_modified_since=DAY_BEFORE),
            True,
            id="13.2.2 the tag goes first",
        ),
        pytest.param(
            {**TAGGED, **DATED},
            Asked(if_none_match=(b'"b"',), if_modified_since=MINUTE_LATER),
            False,
            id="13.2.2 also where it does not match",
        ),
    ],
)
def test_whether_the_client_has_it(stored: dict[str, object], asked: Asked, matches: bool) -> None:
    assert not_modified(asked, entry(**stored)) is matches


@pytest.mark.parametrize(
    ("stored", "told", "current"),
    [
        pytest.param(TAGGED, None, True, id="no If-Range"),
        pytest.param(TAGGED, b'"a"', True, id="13.1.5 its tag"),
        pytest.param(TAGGED, b'"b"', False, id="13.1.5 another"),
        pytest.param(WEAK, b'W/"a"', False, id="13.1.5 a weak one never"),
        pytest.param(TAGGED, b'W/"a"', False, id="13.1.5 nor weakly"),
        pytest.param({}, b'"a"', False, id="13.1.5 no tag is stored"),
        pytest.param(DATED, MINUTE_BEFORE, True, id="13.1.5 its time"),
        pytest.param(DATED, DATE, False, id="13.1.5 a later one is not it"),
        pytest.param(
            {"last_modified": DATE, "modified": UnixTime(AT)}, DATE, False, id="8.8.2.2 weak"
        ),
        pytest.param({}, DATE, False, id="13.1.5 no time is stored"),
        pytest.param(DATED, b"", False, id="13.1.5 two values"),
    ],
)
def test_whether_a_part_may_follow(
    stored: dict[str, object], told: bytes | None, current: bool
) -> None:
    assert range_is_current(Asked(if_range=told), entry(**stored)) is current


@pytest.mark.parametrize(
    ("one", "other", "strong", "weak"),
    [
        (b'W/"1"', b'W/"1"', False, True),
        (b'W/"1"', b'W/"2"', False, False),
        (b'W/"1"', b'"1"', False, True),
        (b'"1"', b'"1"', True, True),
        (b"1", b"1", False, False),
        (b'"1', b'"1', False, False),
        (None, None, False, False),
    ],
    ids=lambda told: str(told),
)
def test_the_two_comparisons(
    one: bytes | None, other: bytes | None, strong: bool, weak: bool
) -> None:
    """The table of RFC 9110, 8.8.3.2, and what is no tag."""
    assert same_strong(one, other) is strong
    assert same_weak(one, other) is weak


@given(st.text(alphabet='"W/,*ab \\', max_size=30))
def test_a_tag_that_is_not_in_the_list_never_matches(text: str) -> None:
    asked = Asked(if_none_match=(text.encode(),))
    if not_modified(asked, entry(**TAGGED)):
        assert '"a"' in text or text.strip() == "*"


def test_what_is_a_tag() -> None:
    assert opaque(b'W/"x"') == opaque(b'"x"') == b'"x"'
    assert opaque(b'w/"x"') is opaque(b"x") is opaque(None) is None
