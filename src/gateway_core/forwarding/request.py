"""A request's head on its way from the client to an upstream.

Source: RFC 9110, sections 7.6 and 10.1; RFC 7239; RFC 9113, 8.2.3.
"""

from collections.abc import Iterator
from typing import Final

from ..message import FieldEdits, Fields, RequestHead, UpstreamRequest, members, values
from .additions import additions
from .client import Client
from .loop import MAX_FORWARDS, one_forward_less
from .names import (
    X_FORWARDED,
    about_the_connection,
    collapse,
    is_plain,
    is_token,
    nominated,
    writable,
)
from .plan import X_FORWARDED_PREFIX, ForwardingPlan
from .rules import Believed

_NO_EDITS: Final = FieldEdits()
_NONE: Final[frozenset[bytes]] = frozenset()
_ONE_COOKIE_LINE: Final = frozenset({"1.0", "1.1"})
"""Versions in which a client may not split its cookies over several lines (RFC 6265, 5.4)."""


def forward_request(
    head: RequestHead,
    client: Client,
    plan: ForwardingPlan,
    *,
    target: bytes,
    authority: bytes,
    request_id: str,
    drop: frozenset[bytes] = _NONE,
    edits: FieldEdits = _NO_EDITS,
    add: Fields = (),
) -> UpstreamRequest:
    """Return what to ask the upstream.

    `target` and `authority` are the router's; `drop` are further lower-case names
    that stay here, such as the credential that named the caller; `edits` are those of the
    route that depend on the request; `add` are fields
    of the gateway's own that come last and that the route's edits cannot touch: a
    secret, the caller's identity. Put their names into `rules.reserved`.

    Fields of the client keep their bytes, their order and their repetitions, and
    come first; ours follow.
    """
    about = about_the_connection(head.fields)
    clean = writable(
        _kept(head, client, plan, drop, about) + additions(head, client, plan, request_id),
    )
    fields = clean if plan.request_edits.is_empty else plan.request_edits.apply(clean)
    fields = (fields if edits.is_empty else edits.apply(fields)) + add
    takes_trailers = bool(about) and plan.rules.trailers and _takes_trailers(head, about)
    return UpstreamRequest(head.method, target, authority, fields, head.body, takes_trailers)


def _kept(
    head: RequestHead,
    client: Client,
    plan: ForwardingPlan,
    drop: frozenset[bytes],
    about: Fields,
) -> Fields:
    """Return what the client says to the upstream, as opposed to us.

    `about` is what it says of the connection.
    """
    passes, drops = plan.request_passes, plan.request_drops
    believed = client.believed
    kept = tuple(
        [
            line
            for line in head.fields
            if line[0] in passes
            or (line[0] not in drops and _passes(line[0], believed, plan, drop))
        ]
    )
    if drop:
        kept = tuple([line for line in kept if line[0] not in drop])
    if about:
        gone = nominated(about, plan.protected)
        kept = tuple([line for line in kept if line[0] not in gone])
    if head.method == "OPTIONS":
        kept = tuple(_counted_down(kept))
    if head.version not in _ONE_COOKIE_LINE:
        kept = _one_cookie(kept)
    return kept


def _takes_trailers(head: RequestHead, about: Fields) -> bool:
    """Tell whether trailers are welcome; other transfer codings are between two hops."""
    welcome = any(member.lower() == b"trailers" for member in members(about, b"te"))
    return welcome and head.version != "1.0"


def _passes(
    name: bytes, believed: Believed | None, plan: ForwardingPlan, drop: frozenset[bytes]
) -> bool:
    """Judge a name that is neither well known nor dropped as it stands."""
    if not is_plain(name):
        taken_for = collapse(name)
        return (
            is_token(name)
            and taken_for not in plan.request_guards
            and taken_for not in drop
            and not taken_for.startswith(X_FORWARDED)
        )
    if name.startswith(X_FORWARDED):
        return believed is Believed.X_FORWARDED and not (plan.prefix and name == X_FORWARDED_PREFIX)
    return True


def _counted_down(fields: Fields) -> Iterator[tuple[bytes, bytes]]:
    for line in fields:
        yield (MAX_FORWARDS, one_forward_less(line[1])) if line[0] == MAX_FORWARDS else line


def _one_cookie(fields: Fields) -> Fields:
    """Join what HTTP/2 may split, since HTTP/1.1 may not (RFC 9113, 8.2.3)."""
    cookies = values(fields, b"cookie")
    if len(cookies) < 2:
        return fields
    whole = (b"cookie", b"; ".join(cookies))
    first = next(index for index, line in enumerate(fields) if line[0] == b"cookie")
    return (
        *fields[:first],
        whole,
        *(line for line in fields[first:] if line[0] != b"cookie"),
    )
