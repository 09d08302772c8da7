"""Cache-Control says what RFC 9111 lets it say; contradictions are read the stricter way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.directives import (
    RequestDirectives,
    ResponseDirectives,
    parse_directives,
    request_directives,
    response_directives,
)
from tests.core.caching.cases.directives import REQUESTS, RESPONSES, TARGETED

TEXT = st.text(alphabet='no-store=private,max-age 1"\\\t', max_size=60)


@pytest.mark.parametrize(("lines", "said"), RESPONSES)
def test_what_an_answer_says(lines: list[bytes], said: dict[str, object]) -> None:
    fields = tuple((b"cache-control", line) for line in lines)
    assert response_directives(fields) == ResponseDirectives(**said)


@pytest.mark.parametrize(("line", "said"), TARGETED)
def test_what_an_answer_says_to_us(line: bytes, said: dict[str, object]) -> None:
    fields = ((b"cache-control", b"max-age=1, no-store"), (b"cdn-cache-control", line))
    assert response_directives(fields) == ResponseDirectives(**said, targeted=True)


def test_what_is_said_to_us_may_have_several_lines() -> None:
    fields = ((b"cdn-cache-control", b"max-age=1"), (b"cdn-cache-control", b"private"))
    said = response_directives(fields)
    assert said == ResponseDirectives(max_age=1, private=True, targeted=True)


@pytest.mark.parametrize("line", [b"", b"max-age=1,", b"MAX-AGE=1", b"a=1, &&"])
def test_what_is_said_to_us_is_ignored_where_it_is_no_dictionary(line: bytes) -> None:
    fields = ((b"cache-control", b"no-store"), (b"cdn-cache-control", line))
    assert response_directives(fields) == ResponseDirectives(no_store=True)


@pytest.mark.parametrize(("lines", "said"), REQUESTS)
def test_what_a_request_says(lines: list[bytes], said: dict[str, object]) -> None:
    assert request_directives(lines) == RequestDirectives(**said)


@pytest.mark.parametrize(
    ("said", "forbids"),
    [
        ({"must_revalidate": True}, True),
        ({"proxy_revalidate": True}, True),
        ({"s_maxage": 5}, True),
        ({"max_age": 5}, False),
    ],
)
def test_who_forbids_stale_use(said: dict[str, object], forbids: bool) -> None:
    assert ResponseDirectives(**said).forbids_stale is forbids


@given(st.lists(TEXT, max_size=3))
def test_what_forbids_is_never_lost_by_what_stands_beside_it(texts: list[str]) -> None:
    lines = [*(text.encode() for text in texts), b"no-store, private"]
    said = response_directives(tuple((b"cache-control", line) for line in lines))
    assert said.no_store
    assert said.private


@given(st.lists(TEXT, max_size=3))
def test_a_further_line_never_makes_a_lifetime_longer(texts: list[str]) -> None:
    lines = [b"max-age=7", *(text.encode() for text in texts)]
    said = response_directives(tuple((b"cache-control", line) for line in lines))
    assert said.max_age is not None
    assert said.max_age <= 7


@given(TEXT)
def test_what_was_read_is_read_again_the_same(text: str) -> None:
    once = [d for d in parse_directives([text.encode()]) if d.value is None or d.quoted]
    shown = [
        d.name
        if d.value is None
        else d.name + b'="' + d.value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        for d in once
    ]
    assert list(parse_directives([b", ".join(shown)])) == once
