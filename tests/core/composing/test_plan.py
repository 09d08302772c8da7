"""Plans: the order of parts is found, not told."""

import copy
from typing import Any

import pytest

from gateway_core.composing import Expression, Part, Plan, Shape, field_template, path_template
from gateway_core.composing.plan import PARTS_MAX
from gateway_core.errors import ConfigError
from gateway_core.message import RequestHead


def part(name: str, path: str = "/", **keys: Any) -> Part:
    return Part(name, "up", path_template(path), **keys)


def stages(plan: Plan) -> list[str]:
    return ["".join(sorted(part.name for part in stage)) for stage in plan.stages()]


def test_parts_that_wait_for_nothing_come_first_and_together() -> None:
    plan = Plan((part("c", "/{parts.a.x}/{b.y}"), part("a"), part("d", "/{c.z}"), part("b")))
    assert stages(plan) == ["ab", "c", "d"]
    assert [each.name for each in plan.order] == ["a", "b", "c", "d"]
    assert plan.needs["c"] == {"a", "b"}


def test_a_part_waits_for_what_its_conditions_and_its_body_name_too() -> None:
    plan = Plan(
        (
            part("a", when=Expression.of("b.x")),
            part("b", each=Expression.of("c.items"), fields=((b"x", field_template("{item}")),)),
            part("c", method="POST", body=Shape.of({"x": "d"})),
            part("d"),
        )
    )
    assert stages(plan) == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("paths", "circle"),
    [
        ({"a": "/{a.x}"}, "a waits for a"),
        ({"a": "/{b.x}", "b": "/{parts.a.x}"}, "a waits for b waits for a"),
        (
            {"z": "/{a.x}", "a": "/{b.x}", "b": "/{c}", "c": "/{a}"},
            "a waits for b waits for c waits for a",
        ),
    ],
)
def test_a_circle_is_a_mistake_and_is_shown(paths: dict[str, str], circle: str) -> None:
    with pytest.raises(ConfigError) as told:
        Plan(tuple(part(name, path) for name, path in paths.items()))
    assert told.value.problem == f"{circle}: none of them can be asked first"


@pytest.mark.parametrize(
    ("path", "where", "problem"),
    [
        ("/{nosuch.x}", "parts.a.path", "'nosuch.x', character 1: nosuch is nothing; known: a, "),
        (
            "/{parts.b}",
            "parts.a.path",
            "'parts.b', character 7: parts.b is nothing; known: parts.a",
        ),
        ("/{path.x}", "parts.a.path", "path.x is nothing; known: path.id"),
        ("/{parts}", "parts.a.path", "name the part: parts.NAME"),
        ("/{keys(@)}", "parts.a.path", "name the part: parts.NAME"),
        ("/{query}", "parts.a.path", "character 1: name one of them: query.NAME"),
        ("/{headers}", "parts.a.path", "name one of them: headers.NAME"),
        ("/{item.x}", "parts.a.path", "`item` is there for each member of `each` alone"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_its_place(
    path: str, where: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as told:
        Plan((part("a", path),), frozenset({"id"}))
    assert told.value.path == where
    assert problem in told.value.problem


def test_an_item_is_not_there_while_the_items_are_looked_for() -> None:
    with pytest.raises(ConfigError, match="`item` is there"):
        Plan((part("a", each=Expression.of("item.x")),))
    with pytest.raises(ConfigError, match="`item` is there"):
        Plan((part("a", each=Expression.of("query.x"), when=Expression.of("item")),))


def test_the_body_may_refer_to_everything_but_not_to_nothing() -> None:
    Plan((part("a"),), body=Shape.of({"all": "parts", "scope": "keys(@)"}))
    with pytest.raises(ConfigError) as told:
        Plan((part("a"),), body=Shape.of({"x": {"y": "nosuch"}}))
    assert told.value.path == "body.x.y"
    with pytest.raises(ConfigError) as told:
        Plan((part("a"),), body=Shape.of("nosuch"))
    assert told.value.path == "body"


def test_what_a_plan_must_have() -> None:
    with pytest.raises(ConfigError, match="one part at least"):
        Plan(())
    with pytest.raises(ConfigError, match="more than"):
        Plan(tuple(part(f"p{number}") for number in range(PARTS_MAX + 1)))
    with pytest.raises(ConfigError, match="the path binds this name"):
        Plan((part("id"),), frozenset({"id"}))


def test_a_path_that_binds_nothing_is_told_so() -> None:
    with pytest.raises(ConfigError, match="known: nothing"):
        Plan((part("a", "/{path.x}"),))


def test_a_scope_holds_what_is_referred_to_and_nothing_else() -> None:
    plan = Plan(
        (part("a", "/{id}/{query.page}/{query.none}"),),
        frozenset({"id"}),
        body=Shape.of({"l": "headers.accept_language", "r": 'headers."x-two"', "n": "headers.no"}),
    )
    fields = ((b"accept-language", b"pt"), (b"x-two", b"1"), (b"x-two", b"2"), (b"cookie", b"s"))
    head = RequestHead("GET", b"/x?page=a%20b+c&page=2&secret=1", b"h", fields)
    about = {"client": "192.0.2.1", "consumer": "demo", "request_id": "id-1"}
    assert plan.scope(head, {"id": b"%2F%ff"}, **about) == {
        "id": "/\udcff",
        "path": {"id": "/\udcff"},
        "query": {"page": "a b c"},
        "headers": {"accept_language": "pt", "x-two": "1, 2"},
        "claims": {},
        "body": None,
        **about,
    }


def test_a_plan_that_asks_for_no_query_reads_none() -> None:
    plan = Plan((part("a"),))
    head = RequestHead("GET", b"/x?a=1", b"h", ())
    scope = plan.scope(head, {}, client="", consumer="", request_id="")
    assert scope["consumer"] is None
    assert scope["query"] == scope["headers"] == scope["path"] == {}


def test_plans_of_the_same_parts_are_equal_and_can_be_copied() -> None:
    plan = Plan((part("a"), part("b", "/{a.x}")), body=Shape.of("[a, a]"))
    assert copy.deepcopy(plan) == plan
    assert plan.copies == 2
    assert Plan((part("a"),)).copies == 1
