"""Schemas of OpenAPI 3.0 in the words of 3.1, which are JSON Schema's.

    nullable: true                       type: [..., "null"], and null in its enum
    minimum: 1, exclusiveMinimum: true   exclusiveMinimum: 1

Source: OpenAPI Specification 3.0.4, 4.7.24; JSON Schema 2020-12, Validation, 6.2.
"""

from typing import Final

from .reading import Members

_EXCLUSIVE: Final = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def lifted(schema: Members) -> Members:
    """Return a 3.0 schema, without those inside it, as 3.1 says it."""
    told = {name: value for name, value in schema.items() if name != "nullable"}
    for exclusive, inclusive in _EXCLUSIVE:
        if isinstance(told.get(exclusive), bool):
            is_exclusive = told.pop(exclusive)
            if is_exclusive and inclusive in told:
                told[exclusive] = told.pop(inclusive)
    if schema.get("nullable") is True and isinstance(kind := told.get("type"), str):
        told["type"] = [kind, "null"]
        if isinstance(enum := told.get("enum"), list) and None not in enum:
            told["enum"] = [*enum, None]
    return told
