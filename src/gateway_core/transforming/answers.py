"""What a route changes in an answer, when it is known whom it goes to.

    status     another in its place: `statuses`
    fields     set or added, with values of the request
    document   made anew: `rewriting`

All of it comes after the cache, which keeps what the upstream said: no answer carries to one
client what was worked out for another. What is made of the request's own fields says so in
Vary, for the caches behind us.

Source: RFC 9110, section 12.5.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..composing import Document, Template
from ..composing.sight import Sight
from ..composing.syntax import Reference
from ..forwarding import Client
from ..message import FieldEdits, Fields, RequestHead, ResponseHead, members
from .filling import filled
from .rewriting import Rewriting
from .roots import check_template, claims_named, fields_named
from .statuses import StatusMap

_VARY: Final = b"vary"


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A route's changes. ConfigError, with the key as its path, for a name that leads nowhere."""

    statuses: StatusMap = field(default_factory=StatusMap)
    fields: tuple[tuple[bytes, Template], ...] = ()
    """By lower-case name; each in the place of all of its name."""
    added: tuple[tuple[bytes, Template], ...] = ()
    params: tuple[str, ...] = ()
    """What the route's path binds."""
    rewriting: Rewriting | None = None
    claims: frozenset[str] = field(init=False, compare=False)
    """The claims of the caller that are referred to."""
    _sight: Sight = field(init=False, repr=False, compare=False)
    _names: frozenset[bytes] = field(init=False, repr=False, compare=False)
    _varies: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    """Fields of the request that show in the answer's own."""
    _body_varies: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what the templates see."""
        references: set[Reference] = set()
        for kind, templates in (("set", self.fields), ("add", self.added)):
            for name, template in templates:
                key = f"response_headers.{kind}.{name.decode('latin-1')}"
                check_template(key, template, self.params)
                references |= template.references
        object.__setattr__(self, "_names", frozenset(name for name, _ in self.fields))
        object.__setattr__(self, "_varies", fields_named(references))
        seen = self.rewriting.references if self.rewriting is not None else frozenset[Reference]()
        object.__setattr__(self, "_body_varies", fields_named(seen))
        object.__setattr__(self, "claims", claims_named(references | seen))
        object.__setattr__(self, "_sight", Sight.of(references | seen, self.params))

    def scope(
        self,
        head: RequestHead,
        params: Mapping[str, bytes],
        client: Client,
        *,
        consumer: str,
        request_id: str,
        claims: Mapping[str, Document] | None = None,
    ) -> dict[str, Document]:
        """Return what the templates see of a request."""
        return self._sight.scope(
            head,
            params,
            client=client.address,
            consumer=consumer,
            request_id=request_id,
            claims=claims,
        )

    @property
    def sees_the_request(self) -> bool:
        """Whether `head` needs a scope."""
        return bool(self.fields or self.added)

    def head(self, head: ResponseHead, scope: dict[str, Document]) -> ResponseHead:
        """Return the head with its status and fields changed; its body is as it was."""
        fields = head.fields
        if self.fields or self.added:
            lines = filled((*self.fields, *self.added), scope)
            fields = FieldEdits(remove=self._names, add=lines).apply(fields)
            fields = varying(fields, self._varies)
        return ResponseHead(self.statuses.told(head.status), fields, head.body)

    def rewritten(self, head: ResponseHead) -> ResponseHead:
        """Return the head of what the document behind `head` is made into."""
        assert self.rewriting is not None
        head = self.rewriting.told(head)
        return ResponseHead(head.status, varying(head.fields, self._body_varies), head.body)


def varying(fields: Fields, names: tuple[bytes, ...]) -> Fields:
    """Return `fields` with `names` among what the answer varies by."""
    told = {name.lower() for name in members(fields, _VARY)}
    missing = [name for name in names if name not in told]
    if not missing or b"*" in told:
        return fields
    return (*fields, (_VARY, b", ".join(missing)))
