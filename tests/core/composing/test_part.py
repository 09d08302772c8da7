"""One part: what may not be said of it."""

from typing import Any

import pytest

from gateway_core.composing import Expression, Part, Shape, field_template, path_template
from gateway_core.composing.templates import query_template
from gateway_core.errors import ConfigError


def part(name: str = "p", path: str = "/{id}", **keys: Any) -> Part:
    return Part(name, "up", path_template(path), **keys)


@pytest.mark.parametrize("name", ["", "a-b", "1a", "a.b", "parts", "item", "headers", "x" * 65])
def test_a_name_must_stand_in_an_expression_as_it_is(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a part's name"):
        part(name)


@pytest.mark.parametrize(
    ("keys", "path", "problem"),
    [
        ({"body": Shape.of("a")}, "body", "GET has no body"),
        ({"default": 1}, "default", "a required part has no default"),
        ({"fields": ((b"host", field_template("x")),)}, "headers.host", "Host is the upstream's"),
        ({"fields": ((b"te", field_template("x")),)}, "headers.te", "leave it to the gateway"),
    ],
)
def test_keys_that_contradict_each_other_are_told(
    keys: dict[str, Any], path: str, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem) as told:
        part(**keys)
    assert told.value.path == path


def test_a_required_part_may_have_a_default_for_when_it_is_not_asked() -> None:
    assert part(default=1, when=Expression.of("query.x")).default == 1
    assert part(default=1, required=False).default == 1


def test_a_part_refers_to_all_that_it_takes_to_ask() -> None:
    full = part(
        "p",
        "/{a}",
        method="POST",
        query=(("q", query_template("{b}")),),
        fields=((b"x-c", field_template("{c}")),),
        body=Shape.of({"d": "d"}),
        when=Expression.of("e"),
        each=Expression.of("f"),
    )
    keys = ["path", "query.q", "headers.x-c", "body.d", "when", "each"]
    assert [key for key, _ in full.texts] == keys
    assert full.references == {(name,) for name in "abcdef"}
    assert [key for key, _ in part(method="POST", body=Shape.of("x")).texts] == ["path", "body"]
