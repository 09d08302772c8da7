"""An OpenAPI document as a service publishes it: read strictly, and taken apart.

Taken are OpenAPI 3.0 and 3.1 in JSON. Swagger 2.0 is refused by its name: what stands
for what in it is another language, and converters to 3.0 abound.

Source: OpenAPI Specification 3.0.4 and 3.1.1, sections 4.1 to 4.8.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from ..composing import Document, read_document

DOCUMENT_BYTES_MAX: Final = 2 * 2**20
"""Of a service's document: those of large ones have a few hundred KiB."""
OPERATIONS_MAX: Final = 2_000
"""Of one document: beyond, no page shows them in any useful way."""
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""Members of a path item that are operations (OpenAPI 3.1, 4.8.9)."""
SECTIONS: Final = ("schemas", "responses", "parameters", "examples", "requestBodies", "headers")
"""Of the components, those that are shown: what the others say is the gateway's to say."""

Members: TypeAlias = dict[str, Document]

_VERSION: Final = re.compile(r"3\.([01])\.[0-9]+(?:-.*)?")
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")


class Flaw(enum.Enum):
    """Why a document is not taken. The value is its name in logs."""

    TOO_LARGE = "document-too-large"
    NOT_JSON = "document-not-json"
    """Or JSON that two readers could take for two things."""
    NOT_OPENAPI = "document-not-openapi"
    SWAGGER = "document-swagger-2"
    VERSION = "document-version-unknown"
    NO_PATHS = "document-without-paths"
    TOO_MANY = "document-too-many-operations"
    TOO_MUCH = "document-too-much"
    """Small as it is, what it describes would be larger than may be told of one service."""


@dataclass(frozen=True, slots=True)
class Description:
    """What one service says of itself."""

    paths: Members
    """Path items by path, as they were read."""
    components: Mapping[str, Members] = field(default_factory=dict[str, Members])
    """By section, then by name."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """Their descriptions."""
    about: str = ""
    """Its description, or its title."""
    base: str = ""
    """What the paths begin with at the service: "/v1", or nothing."""
    old: bool = False
    """Whether it is OpenAPI 3.0, whose schemas say some things otherwise."""


def read_description(body: bytes) -> Description | Flaw:
    """Return what the document says, or why it is not taken."""
    if len(body) > DOCUMENT_BYTES_MAX:
        return Flaw.TOO_LARGE
    document = read_document(body)
    if not isinstance(document, (dict, list)):
        return Flaw.NOT_JSON
    if isinstance(document, list):
        return Flaw.NOT_OPENAPI
    version = document.get("openapi")
    if not isinstance(version, str):
        return Flaw.SWAGGER if document.get("swagger") == "2.0" else Flaw.NOT_OPENAPI
    known = _VERSION.fullmatch(version)
    if known is None:
        return Flaw.VERSION
    paths = members(document.get("paths"))
    if not paths:
        return Flaw.NO_PATHS
    if _operations(paths) > OPERATIONS_MAX:
        return Flaw.TOO_MANY
    components = members(document.get("components"))
    info = members(document.get("info"))
    return Description(
        paths,
        {section: members(components.get(section)) for section in SECTIONS},
        dict(_tags(document.get("tags"))),
        text(info.get("description")) or text(info.get("title")),
        _base(document.get("servers")),
        old=known[1] == "0",
    )


def members(value: Document) -> Members:
    """Return an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: Document) -> list[Document]:
    """Return a list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def text(value: Document) -> str:
    """Return a text; an empty one for anything else."""
    return value if isinstance(value, str) else ""


def _operations(paths: Members) -> int:
    return sum(len(members(item).keys() & METHODS) for item in paths.values())


def _tags(value: Document) -> list[tuple[str, str]]:
    tags = [members(tag) for tag in items(value)]
    return [(text(tag.get("name")), text(tag.get("description"))) for tag in tags]


def _base(servers: Document) -> str:
    """Return the path of the first server: where the others are is the gateway's business."""
    first = members(items(servers)[0]) if items(servers) else {}
    known = members(first.get("variables"))

    def default(found: re.Match[str]) -> str:
        return text(members(known.get(found[1])).get("default"))

    try:
        path = urlsplit(_VARIABLE.sub(default, text(first.get("url")))).path
    except ValueError:
        return ""
    return path.rstrip("/") if path.startswith("/") else ""
