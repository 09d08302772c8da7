"""Components under new names, and references that follow them."""

import itertools
from typing import Any

import pytest

from gateway_core.describing.translating import COST_MAX, NOTES_MAX, Note, TooMuch, Translator
from tests.core.describing.services import described, get

REF = {"$ref": "#/components/schemas/S"}
LED = {"$ref": "#/components/schemas/up.S"}


def translator(version: str = "3.1.0", **components: Any) -> Translator:
    return Translator("up", described({"/": get()}, version, components=components), {})


def told(shape: str, value: Any, version: str = "3.1.0", **components: Any) -> Any:
    by = translator(version, **({"schemas": {"S": {"type": "object"}}} | components))
    found = by.translate(shape, value)
    by.finish()
    return found


def test_what_is_referred_to_is_told_under_its_new_name_and_nothing_else_is() -> None:
    by = translator(
        schemas={
            "S": {"properties": {"next": REF, "other": {"$ref": "#/components/schemas/T"}}},
            "T": {"type": "string"},
            "Inner": {"description": "of nobody's business"},
        }
    )
    assert by.translate("media", {"schema": REF}) == {"schema": LED}
    by.finish()
    assert by.components == {
        "schemas": {
            "up.S": {"properties": {"next": LED, "other": {"$ref": "#/components/schemas/up.T"}}},
            "up.T": {"type": "string"},
        }
    }
    assert by.notes == []


@pytest.mark.parametrize(
    ("shape", "section", "name"),
    [
        ("schema", "schemas", "schema"),
        ("response", "responses", "gone"),
        ("parameter", "parameters", "p"),
        ("header", "headers", "h"),
        ("body", "requestBodies", "b"),
        ("example", "examples", "e"),
    ],
)
def test_each_kind_of_component_may_be_referred_to(shape: str, section: str, name: str) -> None:
    by = translator(**{section: {name: {"description": "d", "x-inner": 1}}})
    reference = {"$ref": f"#/components/{section}/{name}"}
    assert by.translate(shape, reference) == {"$ref": f"#/components/{section}/up.{name}"}
    by.finish()
    described = by.components[section][f"up.{name}"]
    assert isinstance(described, dict)
    assert described["description"] == "d"
    assert "x-inner" not in described


@pytest.mark.parametrize(
    "reference",
    [
        "#/components/schemas/Missing",
        "#/components/responses/S",
        "#/components/schemas/S/properties/none",
        "#/components/schemas/S/required/0",
        "#/components/schemas/S/properties",
        "#/components/schemas/S/properties/a/items",
        "#/components/schemas/S/properties/none/items",
        "#/components/schemas/S/own",
        "#/components/schemas/S/discriminator",
        "#/components/schemas/S/oneOf/1",
        "#/components/schemas/S/oneOf/one",
        "#/components/schemas/S/anyOf/1",
        "#/components/schemas/R/properties/a",
        "#/components/schemas/Yes/items",
        "#/paths/~1/get/responses/200",
        "#/$defs/S",
        "#anchor",
        "other.json#/components/schemas/S",
        "http://inner.example/schema",
        "",
        3,
        None,
    ],
)
def test_a_reference_to_elsewhere_is_left_out_and_said_so(reference: Any) -> None:
    by = translator(
        schemas={
            "S": {
                "properties": {"a": {"items": 3}},
                "required": ["a"],
                "own": {},
                "discriminator": {"propertyName": "k"},
                "oneOf": [{}],
                "anyOf": [3, {}],
            },
            "R": {"$ref": "#/components/schemas/S", "properties": {"a": {}}},
            "Yes": True,
        }
    )
    schema = {"properties": {"a": {"$ref": reference}, "b": {"type": "string"}}}
    assert by.translate("schema", schema) == {
        "properties": {"a": {"description": "Described elsewhere."}, "b": {"type": "string"}}
    }
    assert [note.reason for note in by.notes] == ["reference-elsewhere"]


@pytest.mark.parametrize(
    ("reference", "led"),
    [
        ("#/components/schemas/S/properties/a", "#/components/schemas/up.S/properties/a"),
        ("#/components/schemas/S/oneOf/0", "#/components/schemas/up.S/oneOf/0"),
        ("#/components/schemas/S/oneOf/0/items", "#/components/schemas/up.S/oneOf/0/items"),
        ("#/components/schemas/S/properties/b~1c", "#/components/schemas/up.S/properties/b~1c"),
        ("#/components/schemas/a~1b", "#/components/schemas/up.a_b"),
        ("#/components/schemas/caf%C3%A9", "#/components/schemas/up.caf_"),
        ("#/components/schemas/Yes", "#/components/schemas/up.Yes"),
    ],
)
def test_pointers_are_read_as_they_are_written(reference: str, led: str) -> None:
    schemas = {
        "S": {"properties": {"a": {}, "b/c": {}}, "oneOf": [{"items": True}]},
        "a/b": {},
        "café": {},
        "Yes": True,
    }
    by = translator(schemas=schemas)
    assert by.translate("schema", {"$ref": reference}) == {"$ref": led}
    by.finish()
    assert led.split("/")[3] in by.components["schemas"]


def test_what_other_kinds_refer_to_elsewhere_has_no_place() -> None:
    away = {"$ref": "#/elsewhere"}
    operation = {
        "requestBody": away,
        "responses": {"200": away, "201": {"headers": {"A": away}, "content": "none"}},
    }
    by = translator()
    assert by.translate("operation", operation) == {
        "responses": {
            "200": {"description": "Described elsewhere."},
            "201": {"headers": {}, "description": ""},
        }
    }
    assert len(by.notes) == 3


def test_what_looks_like_a_reference_in_data_is_data() -> None:
    schema = {
        "enum": [REF],
        "default": REF,
        "const": REF,
        "examples": [REF],
        "properties": {"$ref": {"type": "string"}, "x-field": REF},
    }
    assert told("schema", schema) == {
        **schema,
        "properties": {"$ref": {"type": "string"}, "x-field": LED},
    }
    media = {"example": REF, "examples": {"a": {"value": REF}}}
    assert told("media", media) == media


def test_words_beside_a_reference_count_in_schemas_of_31_alone() -> None:
    both = {**REF, "description": "d", "deprecated": True}
    assert told("schema", both) == {**LED, "description": "d", "deprecated": True}
    assert told("schema", both, "3.0.3") == LED


def test_schemas_of_30_are_lifted_inside_components_too() -> None:
    by = translator("3.0.3", schemas={"S": {"type": "string", "nullable": True}})
    by.translate("schema", {"items": REF})
    by.finish()
    assert by.components["schemas"] == {"up.S": {"type": ["string", "null"]}}


def test_a_schema_may_be_a_truth_value_and_rubbish_has_no_place() -> None:
    schema = {"additionalProperties": False, "items": True, "not": 3, "allOf": ["x"], "anyOf": 1}
    assert told("schema", schema) == {"additionalProperties": False, "items": True}
    assert told("schema", {"properties": [], "allOf": [{}, 3]}) == {"allOf": [{}]}
    assert told("operation", 3) is None


def test_places_in_a_document_that_this_is_not_any_more_are_not_told() -> None:
    assert told(
        "schema",
        {"$id": "a", "$anchor": "b", "$comment": "c", "x-d": 1, "own": REF, "type": "null"},
    ) == {"type": "null"}


@pytest.mark.parametrize(
    ("discriminator", "mapping"),
    [
        pytest.param({}, {"S": LED["$ref"]}, id="by name, silently"),
        pytest.param({"mapping": {"s": "S"}}, {"S": LED["$ref"], "s": LED["$ref"]}, id="a name"),
        pytest.param(
            {"mapping": {"s": REF["$ref"]}}, {"S": LED["$ref"], "s": LED["$ref"]}, id="a reference"
        ),
        pytest.param({"mapping": {"s": "http://a/b"}}, {"S": LED["$ref"]}, id="elsewhere"),
        pytest.param({"mapping": {"s": 3}}, {"S": LED["$ref"]}, id="rubbish"),
    ],
)
def test_what_a_discriminator_says_follows_the_names(discriminator: Any, mapping: Any) -> None:
    schema = {
        "oneOf": [REF, {"type": "null"}],
        "discriminator": {"propertyName": "k", **discriminator},
    }
    found = told("schema", schema)
    assert found["discriminator"] == {"propertyName": "k", "mapping": mapping}


def test_a_discriminator_that_leads_nowhere_maps_nothing() -> None:
    found = told("schema", {"discriminator": {"propertyName": "k", "mapping": {"a": "None"}}})
    assert found == {"discriminator": {"propertyName": "k"}}
    assert told("schema", {"discriminator": 3}) == {}


def test_references_are_followed_a_few_steps_and_no_further() -> None:
    def chain(*names: str) -> Any:
        return {a: {"$ref": f"#/components/parameters/{b}"} for a, b in itertools.pairwise(names)}

    by = translator(parameters={**chain("a", "b", "c"), "c": {"name": "c"}, **chain("x", "y", "x")})
    assert by.resolved("parameters", {"$ref": "#/components/parameters/a"}) == {"name": "c"}
    assert by.resolved("parameters", {"$ref": "#/components/parameters/x"}) is None
    assert by.resolved("parameters", {"$ref": "#/components/parameters/no"}) is None
    assert by.resolved("parameters", {"$ref": "#/components/parameters/c/name"}) is None
    assert by.resolved("parameters", "rubbish") is None


def test_components_that_refer_to_each_other_in_a_circle_end() -> None:
    by = translator(schemas={"S": REF})
    assert by.translate("schema", REF) == LED
    by.finish()
    assert by.components["schemas"] == {"up.S": LED}


def test_a_component_that_is_only_a_reference_to_nowhere_leaves_something_there() -> None:
    by = translator(headers={"h": {"$ref": "#/elsewhere"}})
    by.translate("header", {"$ref": "#/components/headers/h"})
    by.finish()
    assert by.components["headers"] == {"up.h": {}}


def test_a_small_document_cannot_describe_much() -> None:
    by = translator()
    large = {"example": {"a": ["x" * (COST_MAX // 10), 1, None]}}
    with pytest.raises(TooMuch):
        for _ in range(11):
            by.translate("media", large)


def test_of_many_mistakes_a_few_are_noted() -> None:
    by = translator()
    for number in range(NOTES_MAX + 5):
        by.note("reference-elsewhere", str(number))
    assert by.notes[-1] == Note("up", "reference-elsewhere", str(NOTES_MAX - 1))
