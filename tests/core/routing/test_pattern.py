"""Patterns: what may be configured, what it binds, what it leaves behind."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.errors import ConfigError
from gateway_core.refusal import Refusal
from gateway_core.routing.pattern import (
    SEGMENTS_MAX,
    Kind,
    Param,
    Pattern,
    fill,
    template,
    written,
)
from gateway_core.routing.target import normalise


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param(Pattern.prefix("/"), "/", id="the prefix of all"),
        pytest.param(Pattern.prefix("/service-a"), "/service-a", id="a prefix"),
        pytest.param(Pattern.prefix("/a/b/"), "/a/b", id="a prefix with a slash at its end"),
        pytest.param(Pattern.path("/"), "/", id="the root"),
        pytest.param(Pattern.path("/items/"), "/items/", id="a path with a slash at its end"),
        pytest.param(Pattern.path("/items/{id}"), "/items/{id}", id="a template"),
        pytest.param(Pattern.path("/{a}/x/{rest...}"), "/{a}/x/{rest...}", id="an open template"),
        pytest.param(Pattern.path("/{rest...}"), "/{rest...}", id="everything, bound"),
        pytest.param(Pattern.path("/%61%2f"), "/a%2F", id="6.2.2 escapes in normal form"),
        pytest.param(Pattern.path("/é"), "/%C3%A9", id="RFC 3987, 3.1 non-ASCII as UTF-8"),
        pytest.param(Pattern.path("/%7Bid%7D"), "/%7Bid%7D", id="braces that are literal"),
    ],
)
def test_a_pattern_is_written_in_its_normal_form(pattern: Pattern, text: str) -> None:
    assert str(pattern) == text
    assert copy.deepcopy(pattern) == pattern


def test_a_slash_at_the_end_says_nothing_of_a_prefix_and_something_of_a_path() -> None:
    assert Pattern.prefix("/a/") == Pattern.prefix("/a")
    assert Pattern.path("/a/") != Pattern.path("/a")


NONSENSE = [
    pytest.param("", "slash", id="empty"),
    pytest.param("a", "slash", id="no slash"),
    pytest.param("*", "slash", id="an asterisk"),
    pytest.param("http://h/a", "slash", id="a URL"),
    pytest.param("//", "empty segment", id="slashes alone"),
    pytest.param("/a//b", "empty segment", id="two slashes"),
    pytest.param("/a//", "empty segment", id="two slashes at the end"),
    pytest.param("/a?b", "query =", id="a query"),
    pytest.param("/a#b", "fragment", id="a fragment"),
    pytest.param("/a\\b", "%5C", id="a backslash"),
    pytest.param("/a b", "percent-encode", id="a space"),
    pytest.param("/a\x7f", "percent-encode", id="a control character"),
    pytest.param("/\ud800", "Unicode", id="half of a surrogate pair"),
    pytest.param("/.", "dot segment", id="a dot"),
    pytest.param("/a/..", "climbs", id="two dots"),
    pytest.param("/a/%2e%2E/b", "climbs", id="two encoded dots"),
    pytest.param("/..;x", "parameters", id="two dots with parameters"),
    pytest.param("/%zz", "escape", id="a broken escape"),
    pytest.param("/a%00", "escape", id="an encoded NUL"),
    pytest.param("/{id", "whole segment", id="a brace not closed"),
    pytest.param("/id}", "whole segment", id="a brace not opened"),
    pytest.param("/{id}.json", "whole segment", id="a part of a segment"),
    pytest.param("/{a}{b}", "letters", id="two in one segment"),
    pytest.param("/{}", "letters", id="no name"),
    pytest.param("/{...}", "letters", id="no name for the rest"),
    pytest.param("/{a-b}", "letters", id="a name with a dash"),
    pytest.param("/{1}", "letters", id="a name that is a number"),
    pytest.param("/{a}/{a}", "two parameters", id="a name twice"),
    pytest.param("/{a}/{a...}", "two parameters", id="a name twice, once for the rest"),
    pytest.param("/{a...}/b", "last", id="the rest before the end"),
    pytest.param("/a" * (SEGMENTS_MAX + 1), "segments", id="too many segments"),
]


@pytest.mark.parametrize(("text", "cure"), NONSENSE)
def test_nonsense_is_an_error_with_a_cure(text: str, cure: str) -> None:
    for make in (Pattern.path, Pattern.prefix):
        with pytest.raises(ConfigError) as error:
            make(text)
        assert error.value.path == ""
        assert cure in error.value.problem


def test_a_prefix_with_a_parameter_is_told_to_be_a_path() -> None:
    with pytest.raises(ConfigError) as error:
        Pattern.prefix("/tenants/{id}/")
    assert 'path = "/tenants/{id}/{rest...}"' in error.value.problem


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        pytest.param("/items/{id}", b"/items/7", {"id": b"7"}, id="a segment"),
        pytest.param("/items/{id}", b"/items/a%2fb", {"id": b"a%2fb"}, id="its bytes as sent"),
        pytest.param("/{a}/x/{b}/", b"/1/x/2/", {"a": b"1", "b": b"2"}, id="two segments"),
        pytest.param("/f/{rest...}", b"/f/a//b/", {"rest": b"a//b/"}, id="the rest"),
        pytest.param("/f/{rest...}", b"/f/", {"rest": b""}, id="an empty rest"),
        pytest.param("/{rest...}", b"/", {"rest": b""}, id="the rest of nothing"),
        pytest.param("/{a}/{b...}", b"/1/2/3", {"a": b"1", "b": b"2/3"}, id="both"),
        pytest.param("/items", b"/items", {}, id="nothing to bind"),
    ],
)
def test_parameters_are_bound_to_the_bytes_of_the_path(
    pattern: str, path: bytes, params: dict[str, bytes]
) -> None:
    made = Pattern.path(pattern)
    assert made.bind(path) == params
    assert made.names == tuple(params)
    assert made.is_exact == (not params)
    assert fill(template(pattern), params) == path


@pytest.mark.parametrize(
    ("prefix", "path", "left"),
    [
        pytest.param("/service-a", b"/service-a", b"/", id="nothing left is the root"),
        pytest.param("/service-a", b"/service-a/", b"/", id="a slash left"),
        pytest.param("/service-a/", b"/service-a/x/y", b"/x/y", id="a path left"),
        pytest.param("/service-a", b"/service-a//evil", b"//evil", id="3.2.1 a path all the same"),
        pytest.param("/a%2fb", b"/a%2Fb/c", b"/c", id="digits of escapes in another case"),
        pytest.param("/", b"/x", b"/x", id="the prefix of all leaves all"),
        pytest.param("/", b"//x", b"//x", id="also what begins with two slashes"),
    ],
)
def test_a_prefix_is_stripped_by_whole_segments(prefix: str, path: bytes, left: bytes) -> None:
    assert Pattern.prefix(prefix).strip(path) == left


def test_a_prefix_is_not_exact() -> None:
    assert not Pattern.prefix("/a").is_exact


def test_the_more_specific_pattern_comes_first() -> None:
    ordered = [
        Pattern.path("/a/b/c"),
        Pattern.path("/{x}/b/c"),  # two literals
        Pattern.path("/a/{x}/{y}"),  # one, further to the left
        Pattern.path("/{x}/b/{y}"),
        Pattern.path("/{x}/{y}/{z}"),
        Pattern.prefix("/a/b/c"),  # the longest of those open at their end
        Pattern.path("/a/b/{rest...}"),  # demands a slash, so before
        Pattern.prefix("/a/b"),
        Pattern.path("/a/{x}/{rest...}"),
        Pattern.path("/{x}/b/{rest...}"),
        Pattern.prefix("/a"),
        Pattern.path("/{rest...}"),
        Pattern.prefix("/"),
    ]
    keys = [pattern.specificity for pattern in ordered]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_a_pattern_is_plain_data() -> None:
    pattern = Pattern.path("/items/{id}/{rest...}")
    assert pattern == Pattern(Kind.PATH, (b"items", Param("id")), Param("rest", rest=True))
    assert written(template("/items/{id}/{rest...}")) == str(pattern)


@given(st.text("/ab.{}%2e?é;\\ ", max_size=10).map(lambda text: "/" + text))
def test_what_may_be_configured_can_be_requested(text: str) -> None:
    try:
        pattern = Pattern.path(text)
    except ConfigError:
        return
    path = fill(template(text), dict.fromkeys(pattern.names, b"x"))
    normal = normalise(path)
    assert not isinstance(normal, Refusal)
    assert normal == path
    assert Pattern.path(str(pattern)) == pattern
