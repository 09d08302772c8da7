"""One part of a composition: whom to ask, for what, and what becomes of its failures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..clock import Duration
from ..errors import ConfigError
from ..forwarding.rules import check_edits
from ..message import FieldEdits
from .documents import Document
from .expressions import Expression
from .shape import Shape
from .syntax import Reference
from .templates import Template

BODY_MAX: Final = 2**20
"""Bytes of a part's answer: held in memory whole, and parsed in about 10 ms."""
ITEMS_MAX: Final = 32
"""Members of a collection, unless the part says otherwise: each is a request."""
PARALLEL: Final = 8
"""Requests of one collection at once, unless the part says otherwise."""
PASSED: Final = frozenset({404, 410})
"""A required part's statuses that are the whole answer's: what is not there is not there."""

RESERVED: Final = frozenset(
    {
        "parts",
        "path",
        "query",
        "headers",
        "item",
        "client",
        "consumer",
        "claims",
        "request_id",
        "body",
    }
)
"""Names that an expression begins with, so that no part can have them."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_BODILESS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Part:
    """A request that is made for the sake of a composed answer.

    ConfigError, with the key as its path, on nonsense.
    """

    name: str
    upstream: str
    """Name of an Upstream."""
    path: Template
    method: str = "GET"
    query: tuple[tuple[str, Template], ...] = ()
    fields: tuple[tuple[bytes, Template], ...] = ()
    """By lower-case name; one whose value is missing is left out."""
    body: Shape | None = None
    """Sent as JSON."""
    timeout: Duration | None = None
    """For each request; None: the deadline of the composition is bound enough."""
    required: bool = True
    default: Document = None
    """What an optional part stands for where it fails or is not asked."""
    when: Expression | None = None
    """Whether to ask at all; true where there is none."""
    each: Expression | None = None
    """A list: asks once for every member, `item`, and stands for the list of answers."""
    items_max: int = ITEMS_MAX
    parallel: int = PARALLEL
    body_max: int = BODY_MAX
    """Bytes of each answer."""
    passed: frozenset[int] = PASSED

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in RESERVED:
            cure = "letters, digits and _, and none of " + ", ".join(sorted(RESERVED))
            raise ConfigError("", f"{self.name!r} cannot be a part's name: {cure}")
        for name, _ in self.fields:
            try:
                check_edits(FieldEdits(set=((name, b""),)))
            except ConfigError as error:
                key = f"headers.{name.decode('latin-1')}"
                raise ConfigError(key, error.problem) from None
        if self.body is not None and self.method in _BODILESS:
            raise ConfigError("body", f'{self.method} has no body: say method = "POST", or none')
        if self.required and self.default is not None and self.when is None:
            raise ConfigError("default", "a required part has no default: say required = false")

    @property
    def texts(self) -> Iterator[tuple[str, Expression]]:
        """Each expression by which it is asked, with the key that holds it."""
        for expression in self.path.expressions:
            yield "path", expression
        for name, template in self.query:
            for expression in template.expressions:
                yield f"query.{name}", expression
        for field, template in self.fields:
            for expression in template.expressions:
                yield f"headers.{field.decode('latin-1')}", expression
        for place, expression in self.body.expressions if self.body is not None else ():
            yield f"body.{place}" if place else "body", expression
        if self.when is not None:
            yield "when", self.when
        if self.each is not None:
            yield "each", self.each

    @property
    def references(self) -> frozenset[Reference]:
        """All that it takes to ask."""
        return frozenset(name for _, each in self.texts for name in each.references)
