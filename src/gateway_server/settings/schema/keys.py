"""How a key of the configuration is declared, so that its documentation is made from it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..environment import Substituted

REQUIRED: Final = ...

_DIGITS: Final = re.compile(r"[0-9]{1,18}")

FROM_ENVIRONMENT: Final = {"type": "string", "pattern": r"\$\{"}
"""What JSON Schema says of `workers = "${WORKERS}"`."""


class Table(BaseModel):
    """A table of the configuration. Unknown keys are errors; nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def key(
    default: object = REQUIRED, *, about: str, why: str = "", shown: str = "", least: int = 0
) -> Any:
    """Declare a key: `about` says what it does, `why` where its default or bound comes from.

    `default` is written as the operator writes it, "30s"; `shown` tells it in words
    where it is worked out. `least` members must a list have.
    """
    extra: JsonSchemaValue = {"x-why": why, "x-default": shown}
    return Field(
        default,
        description=about,
        json_schema_extra={name: text for name, text in extra.items() if text},
        validate_default=True,
        min_length=least or None,
    )


def wrong(message: str, cure: str = "", *, echoes: bool = False) -> PydanticCustomError:
    """Return the error of a value. Say in `echoes` if the message repeats the value."""
    context = {"message": message, "cure": cure, "echoes": echoes}
    return PydanticCustomError("wrong", "{message}", context)


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """A type of values that is read by a function, which raises `wrong`."""

    read: Callable[[object], object]
    schema: JsonSchemaValue
    """JSON Schema, with "x-type": the type's name in the reference."""

    def __get_pydantic_core_schema__(self, _source: object, _: GetCoreSchemaHandler) -> CoreSchema:
        """Read by the function alone: pydantic converts nothing beforehand."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say what the function takes."""
        return dict(self.schema)


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """A list that may be written as its only member."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Put a lone string into a list first."""
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say that both are taken."""
        many = handler(schema)
        return {"anyOf": [many.get("items", {}), many]}


@dataclass(frozen=True, slots=True)
class OrFalse:
    """A table in whose place `false` may stand."""

    table: type[Table]

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read `false` first, so that what is wrong inside a table is told at its own place."""
        return core_schema.no_info_wrap_validator_function(
            _or_false, handler.generate_schema(self.table)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say that both are taken."""
        return {"anyOf": [{"const": False}, handler(schema)], "x-type": "table, or false"}


def _or_false(value: object, read: Callable[[object], object]) -> object:
    if value is True:
        raise wrong("can only be false, or a table", "or leave the key out")
    return False if value is False else read(value)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def whole(low: int, high: int) -> Reads:
    """Return the type of whole numbers from `low` to `high`."""

    def read(value: object) -> int:
        if isinstance(value, Substituted) and _DIGITS.fullmatch(value):
            return _bounded(int(value), low, high)
        if isinstance(value, int) and not isinstance(value, bool):
            return _bounded(value, low, high)
        quoted = isinstance(value, str) and _DIGITS.fullmatch(value)
        cure = "without quotes" if quoted else f"from {low} to {high}"
        raise wrong("is no whole number", f"write a whole number, {cure}")

    number = {"type": "integer", "minimum": low, "maximum": high}
    return Reads(
        read, {"anyOf": [number, FROM_ENVIRONMENT], "x-type": f"whole number, {low} to {high}"}
    )


def _bounded(value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise wrong(f"must be from {low} to {high}")
    return value


def _read_switch(value: object) -> bool:
    if isinstance(value, Substituted):
        value = {"true": True, "false": False}.get(value, value)
    if not isinstance(value, bool):
        raise wrong("is neither true nor false", "write true or false, without quotes")
    return value


SWITCH: Final = Reads(
    _read_switch, {"anyOf": [{"type": "boolean"}, FROM_ENVIRONMENT], "x-type": "true or false"}
)


def choice(*words: str) -> Reads:
    """Return the type of one of `words`."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise wrong(f"must be {spoken(words)}")
        return str(value)

    return Reads(
        read, {"anyOf": [{"enum": list(words)}, FROM_ENVIRONMENT], "x-type": spoken(words)}
    )


def spoken(words: tuple[str, ...]) -> str:
    """Return `"a", "b" or "c"`."""
    *first, last = (f'"{word}"' for word in words)
    return f"{', '.join(first)} or {last}" if first else last
