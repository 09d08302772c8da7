"""What a route changes in a request, by values that only the request knows.

    X-Who: {consumer}      a field is set, in place of all that the client says of it,
                           or added, beside what the client says
    page={query.p}         a query parameter is set

A value that is missing, or that is no text, leaves its field or parameter out: what the
client says in its place never passes for ours. Values are encoded as `composing.templates`
has it, so that none ends a line or a parameter.

Source: RFC 3986, section 3.4 (query; its pieces as browsers write them: WHATWG URL, 5.1).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from ..composing import Budget, Document, Template, Unfilled, fill_query
from ..composing.sight import Sight
from ..composing.syntax import Reference
from ..forwarding import Client
from ..message import FieldEdits, RequestHead
from .filling import filled
from .roots import check_template, claims_named


@dataclass(frozen=True, slots=True)
class Transformation:
    """A route's changes. ConfigError, with the key as its path, for a name that leads nowhere."""

    fields: tuple[tuple[bytes, Template], ...] = ()
    """By lower-case name."""
    query: tuple[tuple[str, Template], ...] = ()
    without: frozenset[bytes] = frozenset()
    """Names of parameters, decoded, that are taken away."""
    params: tuple[str, ...] = ()
    """What the route's path binds."""
    added: tuple[tuple[bytes, Template], ...] = ()
    """Fields that come beside the client's of their name."""
    claims: frozenset[str] = field(init=False, compare=False)
    """The claims of the caller that are referred to."""
    _sight: Sight = field(init=False, repr=False, compare=False)
    _gone: frozenset[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what the templates see."""
        references: set[Reference] = set()
        for key, template in self._templates():
            check_template(key, template, self.params)
            references |= template.references
        object.__setattr__(self, "_sight", Sight.of(references, self.params))
        gone = self.without.union(name.encode() for name, _ in self.query)
        object.__setattr__(self, "_gone", gone)
        object.__setattr__(self, "claims", claims_named(references))

    @property
    def names(self) -> frozenset[bytes]:
        """The fields that are set: no client's may pass for one."""
        return frozenset(name for name, _ in self.fields)

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
        address = client.address
        return self._sight.scope(
            head, params, client=address, consumer=consumer, request_id=request_id, claims=claims
        )

    def edits(self, scope: dict[str, Document]) -> FieldEdits:
        """Return the changes to the fields."""
        return FieldEdits(remove=self.names, add=filled((*self.fields, *self.added), scope))

    def target(self, target: bytes, scope: dict[str, Document]) -> bytes:
        """Return `target` with its query changed; the same object where there is nothing to do."""
        if not self._gone:
            return target
        path, _, query = target.partition(b"?")
        pieces = [piece for piece in query.split(b"&") if piece and not self._is_gone(piece)]
        pieces += list(self._parameters(scope))
        return path + b"?" + b"&".join(pieces) if pieces else path

    def _parameters(self, scope: dict[str, Document]) -> Iterator[bytes]:
        for pair in self.query:
            try:
                filled = fill_query((pair,), scope, Budget())
            except Unfilled:
                continue
            if filled:
                yield filled

    def _is_gone(self, piece: bytes) -> bool:
        name = piece.partition(b"=")[0].replace(b"+", b" ")
        return unquote_to_bytes(name) in self._gone

    def _templates(self) -> Iterable[tuple[str, Template]]:
        for name, template in self.fields:
            yield f"request_headers.set.{name.decode('latin-1')}", template
        for name, template in self.added:
            yield f"request_headers.add.{name.decode('latin-1')}", template
        for parameter, template in self.query:
            yield f"request_query.set.{parameter}", template
