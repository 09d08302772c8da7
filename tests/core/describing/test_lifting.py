"""3.0's schemas in the words of 3.1."""

from typing import Any

import pytest

from gateway_core.describing.lifting import lifted


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        pytest.param({"type": "string"}, {"type": "string"}, id="the same in both"),
        pytest.param(
            {"type": "string", "nullable": True}, {"type": ["string", "null"]}, id="nullable"
        ),
        pytest.param({"type": "string", "nullable": False}, {"type": "string"}, id="not nullable"),
        pytest.param(
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
            id="nullable, of some values",
        ),
        pytest.param(
            {"type": "string", "nullable": True, "enum": ["a", None]},
            {"type": ["string", "null"], "enum": ["a", None]},
            id="nullable, of some values and null",
        ),
        pytest.param({"nullable": True}, {}, id="nullable without a type says nothing (3.0.3)"),
        pytest.param(
            {"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}, id="more than"
        ),
        pytest.param({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}, id="at least"),
        pytest.param(
            {"maximum": 1, "exclusiveMaximum": True}, {"exclusiveMaximum": 1}, id="less than"
        ),
        pytest.param({"exclusiveMaximum": True}, {}, id="less than nothing"),
        pytest.param({"exclusiveMaximum": 1}, {"exclusiveMaximum": 1}, id="3.1's words already"),
    ],
)
def test_a_schema_is_said_as_json_schema_says_it(schema: Any, told: Any) -> None:
    before = dict(schema)
    assert lifted(schema) == told
    assert schema == before
