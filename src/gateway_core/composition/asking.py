"""The request that asks a part's upstream, as if a client had sent it.

An exchange of its own carries it out, so it says what every exchange wants to know: who
asks (the client, by the same peer and the same word of trusted proxies), under which
request id and trace, and through which gateways it came. Of the client's other fields
none is sent but those that the part itself names: neither credentials nor conditions nor
ranges are meant for a part.
"""

from typing import Final

from ..composing import (
    Budget,
    Document,
    Misfit,
    Part,
    Unfilled,
    fill_field,
    fill_path,
    fill_query,
    write_document,
)
from ..message import Fields, RequestHead
from .failures import PartFailure, unaskable
from .vocabulary import AskPart, Begun, Call

REQUEST_BODY_MAX: Final = 2**20
"""Bytes that a part is sent."""

PASSED_ON: Final = frozenset(
    {
        b"accept-language",
        b"baggage",
        b"forwarded",
        b"traceparent",
        b"tracestate",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
    }
)
"""What parts hear of the client's request: its trace, its way so far, its languages.
What of it is believed, the part's exchange decides as for any other request."""

_REQUEST_ID: Final = b"x-request-id"
_OURS: Final[Fields] = ((b"accept", b"application/json"),)
_OF_THE_CLIENT: Final = frozenset(
    {"path", "query", "headers", "client", "consumer", "claims", "request_id", "body"}
)


def ask(
    part: Part, call: Call, begun: Begun, scope: dict[str, Document], budget: Budget
) -> AskPart | PartFailure:
    """Return the command that asks, or why there is nothing to ask."""
    try:
        path = fill_path(part.path, scope, budget)
        query = fill_query(part.query, scope, budget)
        fields = _fields(part, begun, scope, budget)
    except Unfilled as unfilled:
        said = _OF_THE_CLIENT.union(begun.params)
        theirs = all(name and name[0] in said for name in unfilled.template.references)
        return unaskable(call, f"a value of its request {unfilled}", status=400 if theirs else 502)
    body = b""
    if part.body is not None:
        document = part.body.fill(scope, budget)
        written = None
        if not isinstance(document, Misfit):
            written = write_document(document, REQUEST_BODY_MAX, expected=2**62)
        if written is None:
            return unaskable(call, "what it is to be sent cannot be written")
        body = written
        length = b"%d" % len(body)
        fields = (*fields, (b"content-type", b"application/json"), (b"content-length", length))
    outer = begun.head
    target = b"%b?%b" % (path, query) if query else path
    head = RequestHead(
        part.method,
        target,
        outer.authority,
        fields,
        peer=outer.peer,
        scheme=outer.scheme,
        body=len(body),
    )
    return AskPart(call, head, body)


def _fields(part: Part, begun: Begun, scope: dict[str, Document], budget: Budget) -> Fields:
    outer = begun.head
    told = tuple([line for line in outer.fields if line[0] in PASSED_ON])
    about: Fields = (
        (b"host", outer.authority),
        *told,
        (_REQUEST_ID, begun.request_id.encode("ascii")),
        *_OURS,
    )
    named: list[tuple[bytes, bytes]] = []
    for name, template in part.fields:
        value = fill_field(template, scope, budget)
        if value is not None:
            named.append((name, value))
    if not named:
        return about
    replaced = {name for name, _ in named}
    return (*(line for line in about if line[0] not in replaced), *named)
