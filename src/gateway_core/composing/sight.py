"""What expressions see of a request: as much of it as they refer to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from ..message import RequestHead, values
from ..routing.route import parse_query
from .documents import Document
from .syntax import Reference


@dataclass(frozen=True, slots=True)
class Sight:
    """The names that are referred to."""

    params: tuple[str, ...] = ()
    """What the route's path binds."""
    query: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """As written: `accept_language`."""

    @staticmethod
    def of(references: Iterable[Reference], params: Iterable[str]) -> "Sight":
        """Return what `references` need; `params` is what the route's path binds."""
        asked = {name for name in references if len(name) > 1}
        query = sorted({name[1] for name in asked if name[0] == "query"})
        fields = sorted({name[1] for name in asked if name[0] == "headers"})
        return Sight(tuple(sorted(params)), tuple(query), tuple(fields))

    def scope(
        self,
        head: RequestHead,
        params: Mapping[str, bytes],
        *,
        client: str,
        consumer: str,
        request_id: str,
        claims: Mapping[str, Document] | None = None,
    ) -> dict[str, Document]:
        """Return the scope of expressions; text from which the very bytes can be made again."""
        bound: dict[str, Document] = {
            name: _text(unquote_to_bytes(params[name])) for name in self.params
        }
        scope = dict(bound)
        scope.update(path=bound, client=client, consumer=consumer or None, request_id=request_id)
        scope["claims"] = dict(claims) if claims else {}
        asked = parse_query(head.target.partition(b"?")[2]) if self.query else {}
        scope["query"] = {
            name: _text(asked[key])
            for name in self.query
            if (key := name.encode("utf-8", "surrogateescape")) in asked
        }
        scope["headers"] = {
            name: _text(b", ".join(lines))
            for name in self.fields
            if (lines := values(head.fields, field_name(name)))
        }
        return scope


def field_name(name: str) -> bytes:
    """Return the name of the field that `headers.NAME` refers to."""
    return name.replace("_", "-").lower().encode("utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
