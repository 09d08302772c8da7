"""Values in texts are data wherever they stand."""

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.composing.interpreting import Budget
from gateway_core.composing.templates import (
    VALUE_MAX,
    Unfilled,
    field_template,
    fill_field,
    fill_path,
    fill_query,
    path_template,
    query_template,
)
from gateway_core.errors import ConfigError
from gateway_core.routing.target import TARGET_MAX, normalise, parse_target


def path(text: str, **scope: Any) -> bytes:
    return fill_path(path_template(text), scope, Budget())


def query(text: str, **scope: Any) -> bytes:
    return fill_query((("q", query_template(text)),), scope, Budget())


def value(text: str, **scope: Any) -> bytes | None:
    return fill_field(field_template(text), scope, Budget())


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        pytest.param("1", b"/p/1", id="plain"),
        pytest.param("a b", b"/p/a%20b", id="a space"),
        pytest.param("a/b", b"/p/a%2Fb", id="a slash"),
        pytest.param("../x", b"/p/..%2Fx", id="a way up"),
        pytest.param("a?b=c#d", b"/p/a%3Fb%3Dc%23d", id="delimiters"),
        pytest.param("a\r\nX: y", b"/p/a%0D%0AX%3A%20y", id="a line break"),
        pytest.param("%2e%2e", b"/p/%252e%252e", id="an escape stays the text that it is"),
        pytest.param("é", b"/p/%C3%A9", id="UTF-8"),
        pytest.param("\udcff", b"/p/%FF", id="a byte that is no UTF-8"),
        pytest.param(7, b"/p/7", id="a number"),
        pytest.param(1.5, b"/p/1.5", id="a fraction"),
        pytest.param(True, b"/p/true", id="a truth value"),
    ],
)
def test_a_value_in_a_path_is_encoded(given: object, filled: bytes) -> None:
    assert path("/p/{v}", v=given) == filled


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("..", "makes a dot segment"),
        (".", "makes a dot segment"),
        ("\0", "holds a NUL"),
        ("", "is empty"),
        (None, "is missing"),
        ([1], "is a list or an object"),
        ({}, "is a list or an object"),
        ("\ud800", "half a character"),
        ("x" * TARGET_MAX, "is too long"),
    ],
)
def test_a_value_that_no_encoding_makes_harmless_fills_no_path(given: object, problem: str) -> None:
    with pytest.raises(Unfilled, match=problem) as told:
        path("/p/{v}", v=given)
    assert not told.value.missing or given is None


def test_two_values_cannot_make_a_dot_segment_together() -> None:
    with pytest.raises(Unfilled, match="dot segment"):
        path("/p/{a}{b}/x", a=".", b=".")
    assert path("/p/{a}{b}/x", a=".", b="y") == b"/p/.y/x"


@given(st.text(min_size=1))
def test_whatever_the_value_the_upstream_sees_one_segment_that_means_it(given: str) -> None:
    try:
        filled = path("/p/{v}/end", v=given)
    except Unfilled:
        return
    target = parse_target("GET", filled, b"h")
    assert target.normal == target.path == filled  # type: ignore[union-attr]
    assert filled.count(b"/") == 3
    assert unquote(filled[3:-4].decode()) == given


def test_an_expression_may_compute_the_value() -> None:
    assert path("/p/{items[0].id || 'none'}.json", items=[{"id": 4}]) == b"/p/4.json"
    with pytest.raises(Unfilled, match="does not fit"):
        path("/p/{length(v)}", v=1)


def test_braces_are_written_twice() -> None:
    assert path("/p/{{{v}}}", v="1") == b"/p/%7B1%7D"
    assert value("{{{v}}}", v="1") == b"{1}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("p/{v}", "does not begin with a slash: write '/p/{v}'"),
        ("/p?x={v}", "write query = "),
        ("/p#x", "fragment"),
        ("/p\\x", "write it as %5C"),
        ("/p/../x", "is not in normal form: write '/x'"),
        ("/%61", "is not in normal form: write '/a'"),
        ("/%zz", "can be asked for nowhere"),
        ("/../x", "climbs above the root"),
        ("/p/{v", "'/p/{v', character 4: a brace without its pair"),
        ("/p/v}", "character 5: a brace without its pair"),
        ("/p/{}", "must not be empty"),
        ("/p/{a..b}", "'a..b', character 3: '.' cannot stand here"),
    ],
)
def test_a_path_that_can_never_be_asked_for_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        path_template(text)
    assert problem in told.value.problem


def test_the_literal_parts_of_a_path_are_encoded_as_every_client_does() -> None:
    assert path("/preço x/{v}", v="1") == b"/pre%C3%A7o%20x/1"


@pytest.mark.parametrize(
    ("text", "scope", "filled"),
    [
        ("{v}", {"v": "a&b=c d+e"}, b"q=a%26b%3Dc%20d%2Be"),
        ("x-{v}", {"v": 1}, b"q=x-1"),
        ("{v}", {"v": None}, b""),
        ("{v}", {"v": ""}, b"q="),
        ("a=b", {}, b"q=a%3Db"),
    ],
)
def test_a_value_in_a_query_is_encoded_and_one_that_is_missing_left_out(
    text: str, scope: dict[str, Any], filled: bytes
) -> None:
    assert query(text, **scope) == filled


def test_a_query_is_filled_in_its_order_or_not_at_all() -> None:
    two = (("a b", query_template("1")), ("c", query_template("{v}")))
    assert fill_query(two, {"v": 2}, Budget()) == b"a%20b=1&c=2"
    assert fill_query((), {}, Budget()) == b""
    with pytest.raises(Unfilled, match="is missing"):
        query("x{v}")
    with pytest.raises(Unfilled, match="too long"):
        query("{v}", v="x" * TARGET_MAX)


@pytest.mark.parametrize(
    ("text", "scope", "filled"),
    [
        ("Bearer {v}", {"v": "abc"}, b"Bearer abc"),
        ("{v}", {"v": "a\r\nSet-Cookie: x=1"}, b"a%0D%0ASet-Cookie: x=1"),
        ("{v}", {"v": "a\0\x7f\t"}, b"a%00%7F%09"),
        ("{v}", {"v": "é"}, b"%C3%A9"),
        ("{v}", {"v": "  a b  "}, b"a b"),
        ("{v}", {"v": None}, None),
        ("{v}", {"v": ""}, b""),
    ],
)
def test_a_value_in_a_field_can_end_no_line(
    text: str, scope: dict[str, Any], filled: bytes | None
) -> None:
    assert value(text, **scope) == filled


def test_a_field_that_cannot_be_filled_is_told() -> None:
    for scope in ({"v": None}, {"v": "\ud800"}, {"v": "x" * VALUE_MAX}, {"v": []}):
        with pytest.raises(Unfilled):
            value("x{v}", **scope)
    for text in ("a\nb", "é"):
        with pytest.raises(ConfigError, match="ASCII only"):
            field_template(text)


def test_a_template_knows_its_references() -> None:
    template = path_template("/{a.b}/{c[0]}/{a.b}")
    assert template.references == {("a", "b"), ("c",)}
    assert [each.text for each in template.expressions] == ["a.b", "c[0]", "a.b"]
    assert not template.alone
    assert query_template("{a}").alone


def test_a_path_without_values_is_filled_beforehand() -> None:
    template = path_template("/a/é/{{x}}")
    assert template.fixed == fill_path(template, {}, Budget(0)) == b"/a/%C3%A9/%7Bx%7D"
    assert path_template("/a/{b}").fixed == b""


@given(
    value=st.one_of(
        st.text(),
        st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")),
        st.lists(st.sampled_from(["/", "..", ".", "?", "#", "%2F", "%2e", "\r\n", "\0"])).map(
            "".join
        ),
    )
)
def test_whatever_a_value_is_a_path_gains_no_segment_and_no_query(value: str) -> None:
    for text in ("/a/{v}/b", "/{v}", "/a{v}{v}/..b"):
        try:
            path = fill_path(path_template(text), {"v": value}, Budget())
        except Unfilled as unfilled:
            assert value == "" or len(value) < 5 or value not in str(unfilled)
            continue
        assert path.count(b"/") == text.count("/")
        assert normalise(path) == path
        assert all(0x20 < octet < 0x7F and octet not in b"?#" for octet in path)
