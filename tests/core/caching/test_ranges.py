"""Parts of a body: RFC 9110, 14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.ranges import Span, content_range, select


@pytest.mark.parametrize(
    ("text", "span"),
    [
        pytest.param(b"bytes=0-0", Span(0, 1), id="14.1.2 the first byte"),
        pytest.param(b"bytes=2-", Span(2, 10), id="14.1.2 to the end"),
        pytest.param(b"bytes=-3", Span(7, 10), id="14.1.2 the last three"),
        pytest.param(b"bytes=-99", Span(0, 10), id="14.1.2 the last 99"),
        pytest.param(b"bytes=8-99", Span(8, 10), id="14.1.2 beyond the end"),
        pytest.param(b"Bytes=0-1", Span(0, 2), id="14.1 units in any case"),
        pytest.param(b"bytes= 0-1 ", Span(0, 2), id="5.6.1 white space"),
        pytest.param(b"bytes=10-", Span(10, 10), id="15.5.17 behind the end"),
        pytest.param(b"bytes=-0", Span(10, 10), id="15.5.17 the last none"),
        pytest.param(b"bytes=9999999999999999999-", Span(10, 10), id="a number of 19 digits"),
        pytest.param(b"bytes=99999999999999999999-", None, id="of 20"),
        pytest.param(b"bytes=3-2", None, id="14.1.1 no range"),
        pytest.param(b"bytes=a-b", None, id="14.2 no numbers"),
        pytest.param(b"bytes=-", None, id="14.2 nothing"),
        pytest.param(b"bytes=", None, id="14.2 less"),
        pytest.param(b"", None, id="14.2 empty"),
        pytest.param(b"lines=0-1", None, id="14.2 another unit"),
        pytest.param(b"bytes=0-1,3-4", None, id="14.2 several"),
        pytest.param(b"bytes=0-1,bytes=3-4", None, id="two lines"),
        pytest.param(b"bytes=+1-2", None, id="a sign"),
    ],
)
def test_the_part_that_is_asked_for(text: bytes, span: Span | None) -> None:
    assert select(text, 10) == span


def test_an_empty_body_has_no_parts() -> None:
    assert select(b"bytes=0-", 0) is select(b"bytes=-5", 0) is None


def test_which_part_it_is() -> None:
    assert content_range(Span(2, 5), 10) == b"bytes 2-4/10"
    assert content_range(Span(10, 10), 10) == b"bytes */10"
    assert Span(2, 5).size == 3


@given(st.text(alphabet="bytes=0123456789-, ", max_size=30), st.integers(0, 2000))
def test_a_part_lies_within_the_body(text: str, length: int) -> None:
    span = select(b"bytes=" + text.encode(), length)
    assert span is None or 0 <= span.start <= span.end <= length
