"""One operation, as clients of the gateway perform it."""

from dataclasses import replace
from typing import Any

import pytest

from gateway_core.describing.leading import Way
from gateway_core.describing.naming import Names
from gateway_core.describing.operating import Leading, path_parameters, told_operation
from gateway_core.describing.translating import Translator
from gateway_core.identifying import ApiKeys, Field, Guard, Parameter
from gateway_core.routing import FieldRule, QueryRule
from tests.core.describing.services import KEYS, OK, below, described, get, guard

WAY = Way("/up/x", frozenset())
OPEN = Leading(below("/up", "up"), None, limited=False, hidden=frozenset())


def param(name: str, place: str = "query", **more: Any) -> Any:
    return {"name": name, "in": place, "schema": {"type": "integer"}, **more}


def told(item: Any, way: Way = WAY, leading: Leading = OPEN, **components: Any) -> Any:
    by = Translator("up", described({"/x": item}, components=components), {})
    return told_operation("get", item, way, leading, by, names=Names())


def test_what_a_service_says_passes_but_for_what_is_the_gateways_to_say() -> None:
    found = told(
        get(
            "list",
            summary="s",
            tags=["up", "admin", 3],
            security=[{"theirs": []}],
            servers=[{"url": "http://inner:1"}],
            callbacks={"c": {}},
            **{"x-internal": "inner"},
        )
    )
    assert found == {
        "operationId": "up.list",
        "summary": "s",
        "tags": ["up", "up: admin"],
        "parameters": [],
        "responses": OK,
        "security": [],
    }


def test_who_says_nothing_is_told_with_the_little_there_is() -> None:
    assert told({"get": None}) == {
        "tags": ["up"],
        "parameters": [],
        "responses": {"default": {"description": "What the service answers."}},
        "security": [],
    }


def test_an_operations_parameters_go_before_its_paths() -> None:
    item = get(parameters=[param("a", description="mine")]) | {
        "parameters": [param("a", description="all's"), param("b"), param("a", "cookie")]
    }
    assert told(item)["parameters"] == [
        param("a", description="mine"),
        param("b"),
        param("a", "cookie"),
    ]


def test_parameters_that_are_referred_to_stay_so_unless_they_stand_in_the_path() -> None:
    shared = {"q": param("q"), "id": param("id", "path", required=True)}
    item = get(parameters=[{"$ref": f"#/components/parameters/{name}"} for name in shared])
    found = told(item, Way("/up/{id}", frozenset()), parameters=shared)
    assert found["parameters"] == [{"$ref": "#/components/parameters/up.q"}, shared["id"]]


@pytest.mark.parametrize(
    "parameter",
    [
        pytest.param(param("gone", "path"), id="not in the path that clients see"),
        pytest.param(param("fixed", "path"), id="the route has a word in its place"),
        pytest.param(param("x-gateway-secret", "header"), id="the gateway's secret"),
        pytest.param(param("X-Gateway-Secret", "header"), id="the same, written otherwise"),
        pytest.param(param("X-Key", "header"), id="the credential's field"),
        pytest.param(param("key"), id="the credential's parameter"),
        pytest.param(param("Authorization", "header"), id="3.1, 4.8.12: Authorization"),
        pytest.param(param("", "header"), id="no name"),
        pytest.param(param("a", "body"), id="no place"),
        pytest.param({"$ref": "#/elsewhere"}, id="described elsewhere"),
        pytest.param(3, id="rubbish"),
    ],
)
def test_what_clients_do_not_set_is_not_told(parameter: Any) -> None:
    way = Way("/up/x", frozenset({"fixed"}))
    asks = Guard((ApiKeys("k", KEYS.ring, (Field(b"x-key"), Parameter(b"key"))),))
    leading = replace(OPEN, guard=asks, hidden=frozenset({"x-gateway-secret"}))
    assert told(get(parameters=[parameter]), way, leading)["parameters"] == []


def test_parameters_of_the_path_that_nobody_describes_are_texts() -> None:
    found = told(get(), Way("/up/{a}/{b}", frozenset()))
    assert found["parameters"] == path_parameters("/up/{a}/{b}")
    assert [each["name"] for each in found["parameters"]] == ["a", "b"]
    assert all(each["required"] and each["in"] == "path" for each in found["parameters"])


def test_what_a_route_asks_for_must_be_sent() -> None:
    rules = (FieldRule(b"x-version", b"2"), FieldRule(b"x-any"))
    route = replace(OPEN.route, headers=rules, query=(QueryRule(b"v", b"3"),))
    item = get(parameters=[param("v"), param("w")])
    found = told(item, leading=replace(OPEN, route=route))["parameters"]
    wanted = {each["name"]: (each["in"], each.get("required"), each["schema"]) for each in found}
    assert wanted == {
        "v": ("query", True, {"type": "string", "enum": ["3"]}),
        "w": ("query", None, {"type": "integer"}),
        "x-version": ("header", True, {"type": "string", "enum": ["2"]}),
        "x-any": ("header", True, {"type": "string"}),
    }


@pytest.mark.parametrize(
    ("leading", "answers"),
    [
        (OPEN, {"200"}),
        (replace(OPEN, guard=guard()), {"200", "401"}),
        (replace(OPEN, guard=guard("read"), limited=True), {"200", "401", "403", "429"}),
    ],
)
def test_what_the_gateway_may_answer_is_told(leading: Leading, answers: set[str]) -> None:
    assert told(get(), leading=leading)["responses"].keys() == answers


def test_what_a_service_says_of_an_answer_of_both_counts() -> None:
    theirs = {"200": {"description": "ok"}, "401": {"description": "theirs"}}
    item = {"get": {"responses": theirs}}
    assert (
        told(item, leading=replace(OPEN, guard=guard()))["responses"]["401"]["description"]
        == "theirs"
    )
