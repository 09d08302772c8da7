"""What the gateway tells an upstream of the client, of itself and of the way between.

Source: RFC 9110, section 7.6.3 (Via); RFC 7239 (Forwarded).
"""

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


def additions(head: RequestHead, client: Client, plan: ForwardingPlan, request_id: str) -> Fields:
    """Return what we say of the client, of ourselves and of this hop.

    Nothing of it can hold a line break but `client.authority`, which is the client's word.
    """
    forwarded, forwarded_for = _path_so_far(head, client)
    ours: Fields = (
        (b"via", b"%b %b" % (head.version.encode("ascii"), plan.rules.pseudonym)),
        (FORWARDED, forwarded),
        (X_FORWARDED_FOR, forwarded_for),
        (X_FORWARDED_PROTO, client.scheme.encode("ascii")),
        (REQUEST_ID, request_id.encode("ascii")),
    )
    if client.authority:
        ours += ((X_FORWARDED_HOST, client.authority),)
    if plan.prefix:
        ours += ((X_FORWARDED_PREFIX, _outer_prefix(head, client) + plan.prefix),)
    return ours


def _path_so_far(head: RequestHead, client: Client) -> tuple[bytes, bytes]:
    """Return the values of Forwarded and X-Forwarded-For.

    What a trusted peer said in the family that is believed is kept, and we append to
    it. The other family is written anew from the same hops, so that an upstream hears
    one story, whichever it reads.
    """
    if client.believed is None:
        peer = client.address
        return (
            element(peer, client.authority, client.scheme),
            peer.encode("ascii") or UNKNOWN_NODE,
        )
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
