"""What the gateway tells an upstream of the client, of itself and of the way between.

Source: RFC 9110, section 7.6.3 (Via); RFC 7239 (Forwarded).
"""

from functools import lru_cache
from typing import Final

from ..message import Fields, RequestHead, value, values
from .client import Client
from .forwarded import UNKNOWN_NODE, element, is_appendable, node
from .names import is_value
from .plan import (
    FORWARDED,
    X_FORWARDED_FOR,
    X_FORWARDED_HOST,
    X_FORWARDED_PREFIX,
    X_FORWARDED_PROTO,
    ForwardingPlan,
)
from .request_ids import REQUEST_ID
from .rules import Believed

_CLIENTS_REMEMBERED_MAX: Final = 1024
_AUTHORITY_REMEMBERED_MAX: Final = 261
"""Bytes: no longer one passes the router, and what is remembered stays small."""


def additions(head: RequestHead, client: Client, plan: ForwardingPlan, request_id: str) -> Fields:
    """Return what we say of the client, of ourselves and of this hop.

    Nothing of it can hold a line break but `client.authority`, which is the client's word.
    """
    if client.believed is None:
        of = _of_peer if len(client.authority) <= _AUTHORITY_REMEMBERED_MAX else _tell_of_peer
        before, after = of(client, head.version, plan.rules.pseudonym, plan.prefix)
    else:
        path = _path_so_far(head, client)
        prefix = plan.prefix and _outer_prefix(head, client) + plan.prefix
        before, after = _around_id(path, client, head.version, plan.rules.pseudonym, prefix)
    return (*before, (REQUEST_ID, request_id.encode("ascii")), *after)


def _tell_of_peer(
    client: Client, version: str, pseudonym: bytes, prefix: bytes
) -> tuple[Fields, Fields]:
    """Return what stands before the request's id and after it, of a peer that is not trusted."""
    address = client.address
    forwarded = element(address, client.authority, client.scheme)
    path = forwarded, address.encode("ascii") or UNKNOWN_NODE
    return _around_id(path, client, version, pseudonym, prefix)


_of_peer = lru_cache(maxsize=_CLIENTS_REMEMBERED_MAX)(_tell_of_peer)
"""Remembered, since a client asks many things, and tells nothing new of itself."""


def _around_id(
    path: tuple[bytes, bytes], client: Client, version: str, pseudonym: bytes, prefix: bytes
) -> tuple[Fields, Fields]:
    forwarded, forwarded_for = path
    before = (
        (b"via", b"%b %b" % (version.encode("ascii"), pseudonym)),
        (FORWARDED, forwarded),
        (X_FORWARDED_FOR, forwarded_for),
        (X_FORWARDED_PROTO, client.scheme.encode("ascii")),
    )
    authority = client.authority
    after: Fields = ((X_FORWARDED_HOST, authority),) if authority else ()
    if prefix:
        after += ((X_FORWARDED_PREFIX, prefix),)
    return before, after


def _path_so_far(head: RequestHead, client: Client) -> tuple[bytes, bytes]:
    """Return the values of Forwarded and X-Forwarded-For, where the peer is trusted.

    What a trusted peer said in the family that is believed is kept, and we append to
    it. The other family is written anew from the same hops, so that an upstream hears
    one story, whichever it reads.
    """
    if client.believed is Believed.FORWARDED:
        told = _told(head, FORWARDED)
        if not all(map(is_appendable, told)):
            told = _elements_before_us(client)
        hops = [hop.encode("ascii") or UNKNOWN_NODE for hop in client.hops]
    else:
        told = _elements_before_us(client)
        hops = [*_told(head, X_FORWARDED_FOR), client.hops[-1].encode("ascii") or UNKNOWN_NODE]
    return b", ".join([*told, _own_element(head, client)]), b", ".join(hops)


def _told(head: RequestHead, name: bytes) -> list[bytes]:
    return [told for told in values(head.fields, name) if told and is_value(told)]


def _elements_before_us(client: Client) -> list[bytes]:
    """Return what the proxies before us would have written, had they known Forwarded."""
    if len(client.hops) == 1:
        return []
    first = element(client.address, client.authority, client.scheme)
    return [first, *(b"for=" + node(hop) for hop in client.hops[1:-1])]


def _own_element(head: RequestHead, client: Client) -> bytes:
    if len(client.hops) == 1:  # a trusted peer that tells no address may tell scheme and host
        return element(client.address, client.authority, client.scheme)
    return element(client.hops[-1], head.authority, head.scheme)


def _outer_prefix(head: RequestHead, client: Client) -> bytes:
    """Return the prefix that trusted proxies have stripped before us; it goes before ours."""
    if client.believed is not Believed.X_FORWARDED:
        return b""
    told = value(head.fields, X_FORWARDED_PREFIX) or b""
    if not told.startswith(b"/") or told.startswith(b"//") or not is_value(told):
        return b""
    return told.rstrip(b"/")
