"""What may stand where in an OpenAPI document: a table, so that the walk through it is one loop.

What the table does not name is not shown: extensions (`x-...`), which tools fill with
addresses of their own; `servers`, since clients call the gateway; `security`, which is the
gateway's; `callbacks`, `links` and webhooks, which speak of what does not pass here.
Of schemas, what names places in a document that this is not any more (`$id`, `$anchor`), or
is for its makers (`$comment`), is not there either.

Source: OpenAPI Specification 3.1.1, section 4.8; JSON Schema 2020-12.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Inside(NamedTuple):
    """What stands in a member."""

    shape: str
    """Of one such thing; "" for data, which pass as they are."""
    many: str = ""
    """"[]" for a list of them, "{}" for a map of them by names."""


class Shape(NamedTuple):
    """One kind of object."""

    members: Mapping[str, Inside]
    section: str = ""
    """Of the components, where references in its place lead to; "" for none."""
    fallback: str = ""
    """The member that says so where it is described elsewhere; "": it is left out, then."""


_DATA: Final = Inside("")
_SCHEMA: Final = Inside("schema")
_EXAMPLES: Final = Inside("example", "{}")
_CONTENT: Final = Inside("media", "{}")
_HEADERS: Final = Inside("header", "{}")


def _data(*names: str) -> dict[str, Inside]:
    return dict.fromkeys(names, _DATA)


_VALUED: Final = {
    **_data("description", "required", "deprecated", "allowEmptyValue", "style", "explode"),
    **_data("allowReserved", "example"),
    "schema": _SCHEMA,
    "examples": _EXAMPLES,
    "content": _CONTENT,
}
_ONE: Final = (
    "items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties", "contentSchema",
)  # fmt: skip
_PLAIN: Final = (
    "title", "description", "type", "format", "enum", "const", "default", "example", "examples",
    "deprecated", "readOnly", "writeOnly", "required", "dependentRequired", "multipleOf",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength",
    "pattern", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
    "minProperties", "maxProperties", "contentEncoding", "contentMediaType", "xml",
    "externalDocs",
)  # fmt: skip
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs")

SHAPES: Final[Mapping[str, Shape]] = {
    "operation": Shape(
        {
            **_data("summary", "description", "externalDocs", "deprecated"),
            "requestBody": Inside("body"),
            "responses": Inside("response", "{}"),
        }
    ),
    "parameter": Shape({**_data("name", "in"), **_VALUED}, "parameters"),
    "header": Shape(_VALUED, "headers"),
    "body": Shape({**_data("description", "required"), "content": _CONTENT}, "requestBodies"),
    "response": Shape(
        {**_data("description"), "headers": _HEADERS, "content": _CONTENT},
        "responses",
        fallback="description",
    ),
    "media": Shape(
        {
            **_data("example"),
            "schema": _SCHEMA,
            "examples": _EXAMPLES,
            "encoding": Inside("encoding", "{}"),
        }
    ),
    "encoding": Shape(
        {**_data("contentType", "style", "explode", "allowReserved"), "headers": _HEADERS}
    ),
    "example": Shape(_data("summary", "description", "value"), "examples"),
    "schema": Shape(
        {
            **_data(*_PLAIN),
            **dict.fromkeys(_ONE, _SCHEMA),
            **dict.fromkeys(_LISTS, Inside("schema", "[]")),
            **dict.fromkeys(_MAPS, Inside("schema", "{}")),
            "discriminator": Inside("discriminator"),
        },
        "schemas",
        fallback="description",
    ),
    "discriminator": Shape(_data("propertyName")),
}

SECTION_SHAPES: Final[Mapping[str, str]] = {
    shape.section: name for name, shape in SHAPES.items() if shape.section
}
