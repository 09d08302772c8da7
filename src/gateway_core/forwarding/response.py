"""An answer's head on its way from an upstream to the client.

We add no Via: RFC 9110, 7.6.3 asks it of a gateway for requests alone, and in
answers it would tell nothing but our name.

Source: RFC 9110, sections 7.6.1 and 8.6; RFC 9112, 6.1 to 6.3.
"""

from typing import Final

from ..message import Fields, ResponseHead
from .client import Client
from .names import about_the_connection, nominated, writable
from .plan import ForwardingPlan
from .prefix import Face, cookie, reference, refresh, without_default_port
from .request_ids import REQUEST_ID

_REFERENCES: Final = frozenset({b"location", b"content-location"})
_REWRITTEN: Final = _REFERENCES | {b"refresh", b"set-cookie"}


def forward_response(
    head: ResponseHead,
    client: Client,
    plan: ForwardingPlan,
    *,
    asked: tuple[bytes, ...],
    request_id: str,
    takes_trailers: bool = False,
    add: Fields = (),
) -> ResponseHead:
    """Return the head to answer with. For interim answers (103) too.

    `client` is who asked, as `find_client` told; `asked` are the authorities by which
    the upstream may know itself: the one it was sent, and its endpoint's; `takes_trailers`
    is the request's; `add` are fields of the gateway's own that come last and that the
    route's edits cannot touch.

    Content-Length stays where it is the truth: with a sized body, for HEAD, in a 304.
    """
    drops = plan.response_drops if takes_trailers else plan.untrailed_drops
    status, told = head.status, head.fields
    fields = tuple([line for line in told if line[0] not in drops])
    if len(fields) < len(told) and (about := about_the_connection(told)):
        fields = _off_the_connection(fields, about, plan)
    if status == 204 or status < 200:
        fields = _without_length(fields)
    fields = writable(fields)
    if plan.prefix and not _REWRITTEN.isdisjoint(dict(fields)):
        fields = _under_prefix(fields, client, plan.prefix, asked)
    fields += ((REQUEST_ID, request_id.encode("ascii")),)
    if not plan.response_edits.is_empty:
        fields = plan.response_edits.apply(fields)
    return ResponseHead(status, fields + add, head.body)


def _off_the_connection(fields: Fields, about: Fields, plan: ForwardingPlan) -> Fields:
    """Take off what Connection names, and a length that Transfer-Encoding overrides.

    RFC 9112, 6.3: such a length "might be an attempt at response splitting".
    """
    gone = nominated(about, plan.protected)
    if any(name == b"transfer-encoding" for name, _ in about):
        gone |= {b"content-length"}
    return tuple([line for line in fields if line[0] not in gone])


def _without_length(fields: Fields) -> Fields:
    """RFC 9110, 8.6: no Content-Length in a 1xx or 204."""
    return tuple([line for line in fields if line[0] != b"content-length"])


def _under_prefix(
    fields: Fields, client: Client, prefix: bytes, asked: tuple[bytes, ...]
) -> Fields:
    scheme = client.scheme.encode("ascii")
    origin = b"%b://%b" % (scheme, client.authority) if client.authority else b""
    own = {without_default_port(name, scheme) for name in asked}
    own.add(without_default_port(client.authority, scheme))
    face = Face(prefix, origin, frozenset(own) - {b""})
    return tuple([(name, _as_seen(name, told, face)) for name, told in fields])


def _as_seen(name: bytes, told: bytes, face: Face) -> bytes:
    if name in _REFERENCES:
        return reference(told, face)
    if name == b"set-cookie":
        return cookie(told, face.prefix)
    if name == b"refresh":
        return refresh(told, face)
    return told
