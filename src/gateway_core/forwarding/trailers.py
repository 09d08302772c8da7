"""Trailer fields on their way through, in either direction.

A recipient may merge them into the head that it has already acted on, or that somebody before
it has judged. So what frames, routes, authenticates, modifies or controls a message, or says
what its content is, stays here; what is known to make sense behind a body passes, and so does
what nobody knows, such as `grpc-status` and checksums.

Source: RFC 9110, sections 6.5.1 and 6.5.2; RFC 9112, 7.1.2.
"""

from typing import Final

from ..message import Fields
from .names import (
    END_TO_END,
    FRAMING,
    HOP_BY_HOP,
    PROXY_AUTHENTICATION,
    X_FORWARDED,
    about_the_connection,
    collapse,
    is_token,
    nominated,
    writable,
)
from .plan import ForwardingPlan

MAY_TRAIL: Final = frozenset({b"accept-ranges", b"authentication-info", b"etag", b"server-timing"})
"""Well-known names whose definitions allow it: RFC 9110, 14.3, 11.6.3 and 8.8.3; W3C."""

FORBIDDEN: Final = (
    END_TO_END
    | FRAMING
    | HOP_BY_HOP
    | PROXY_AUTHENTICATION
    | {b"expect", b"forwarded", b"prefer", b"proxy", b"warning", b"x-real-ip"}
) - MAY_TRAIL
"""All else that is well known is evaluated before the body (RFC 9110, 6.5.1)."""


def forward_request_trailers(
    trailers: Fields, fields: Fields, plan: ForwardingPlan, drop: frozenset[bytes] = frozenset()
) -> Fields:
    """Return what goes upstream behind the body of a request whose head had `fields`.

    `drop` are the names that `forward_request` was given to keep here.
    """
    if not plan.rules.trailers:
        return ()
    return _cleaned(trailers, fields, plan, plan.request_guards | drop)


def forward_response_trailers(
    trailers: Fields, fields: Fields, plan: ForwardingPlan, drop: frozenset[bytes] = frozenset()
) -> Fields:
    """Return what goes to the client behind the body of an answer whose head had `fields`.

    `drop` are names that the answer lost to ours. Whether the client takes trailers,
    `UpstreamRequest.takes_trailers` told.
    """
    if not plan.rules.trailers:
        return ()
    edits = plan.response_edits
    edited = (line[0] for line in (*edits.set, *edits.add))
    guards = plan.response_drops.union(edits.remove, edited, drop)
    return _cleaned(trailers, fields, plan, guards)


def _cleaned(
    trailers: Fields, fields: Fields, plan: ForwardingPlan, guards: frozenset[bytes]
) -> Fields:
    gone = nominated(about_the_connection(fields), plan.protected)
    return writable(
        tuple(line for line in trailers if line[0] not in gone and _passes(line[0], guards))
    )


def _passes(name: bytes, guards: frozenset[bytes]) -> bool:
    """Judge a name by what CGI and its heirs may take it for, too."""
    taken_for = collapse(name)
    return (
        is_token(name)
        and taken_for not in FORBIDDEN
        and taken_for not in guards
        and not taken_for.startswith(X_FORWARDED)
    )
