"""Who asks: the peer itself, or the client for whom a trusted peer speaks.

    client ---- proxy ---- proxy ---- gateway          told: X-Forwarded-For: client, proxy
    (wanted)    trusted    the peer                    walked from the right: proxy, client

Walk from the peer towards the client, through as many trusted addresses as there
are; the first that is not trusted is the client, for whatever stands further left
was written by it, or by somebody it chose. Where the list ends, or an entry is no
address, the last address that was found is the client: never a guess.

Source: RFC 7239, sections 5, 7.4 and 8.1.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..frozen import frozen
from ..message import RequestHead, value, values
from .forwarded import Element, parse_node, read_backwards
from .rules import Believed, ForwardingRules
from .trust import Trusted, parse_host

HOPS_MAX: Final = 32
"""Told hops that are looked at: no honest chain is longer, and a forged one costs time."""

_SCHEMES: Final = {b"http": "http", b"https": "https", b"ws": "http", b"wss": "https"}
_AUTHORITY: Final = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:[]"
_AUTHORITY_MAX: Final = 261
"""Bytes: a name of 255 (RFC 1035, 2.3.4), a colon, a port."""


@frozen
class Client:
    """Who asks, and how it addressed the public face of the service."""

    address: str
    """Textual IP address; "" if it came through a unix socket and nobody told it."""
    scheme: str
    """Either "http" or "https", as the client sees it."""
    authority: bytes
    """Host and port, as the client sees them; b"" where there are none (HTTP/1.0)."""
    hops: tuple[str, ...]
    """Addresses from the client to the peer of our socket: all that is known for sure."""
    believed: Believed | None = None
    """The family of fields that was read; None where the peer is not trusted."""


class _Told(NamedTuple):
    """What the fields say: hops nearest first, then proto and host of the farthest one."""

    hops: list[str]
    proto: bytes
    host: bytes


def find_client(head: RequestHead, rules: ForwardingRules) -> Client:
    """Return who asks, by what the peer is and, if it is trusted, what it tells."""
    peer = head.peer
    if "%" in peer or peer.startswith("::ffff:"):
        peer = _canonical(peer)
    trusted = rules.trusted
    if not (trusted.networks if peer else trusted.unix) or not trusted.covers(peer):
        return Client(peer, head.scheme, head.authority, (peer,))
    family = _family(head, rules.believed)
    read = _read_forwarded if family is Believed.FORWARDED else _read_x_forwarded
    told = read(head, rules.trusted)
    scheme = _SCHEMES.get(told.proto.lower(), head.scheme)
    authority = told.host if _is_authority(told.host) else head.authority
    hops = (*reversed(told.hops), peer)
    return Client(hops[0], scheme, authority, hops, family)


def client_address(head: RequestHead, rules: ForwardingRules) -> str:
    """Return the textual address of who asks; "" if it has none."""
    return find_client(head, rules).address


def _canonical(peer: str) -> str:
    """Return the one spelling of a peer's address; whatever is no address stays as it is."""
    host = parse_host(peer.partition("%")[0])
    return peer if host is None else host.text


def _family(head: RequestHead, believed: Believed) -> Believed:
    if believed is not Believed.EITHER:
        return believed
    names = {name for name, _ in head.fields}
    if b"forwarded" in names and b"x-forwarded-for" not in names:
        return Believed.FORWARDED
    return Believed.X_FORWARDED


def _read_forwarded(head: RequestHead, trusted: Trusted) -> _Told:
    hops: list[str] = []
    last: Element | None = None
    for element in read_backwards(reversed(values(head.fields, b"forwarded")), HOPS_MAX):
        if element is None:
            break
        last = element
        hops.append(element.client.text)
        if not trusted.holds(element.client):
            break
    return _Told(hops, b"", b"") if last is None else _Told(hops, last.proto, last.host)


def _read_x_forwarded(head: RequestHead, trusted: Trusted) -> _Told:
    hops: list[str] = []
    for member in _backwards(head, b"x-forwarded-for"):
        host = parse_node(member)
        if host is None:
            break
        hops.append(host.text)
        if not trusted.holds(host):
            break
    proto = _nth_last(head, b"x-forwarded-proto", len(hops))
    return _Told(hops, proto, _nth_last(head, b"x-forwarded-host", len(hops)))


def _backwards(head: RequestHead, name: bytes) -> Iterator[bytes]:
    """Yield the last HOPS_MAX members of a list, the last first."""
    left = HOPS_MAX
    for line in reversed(values(head.fields, name)):
        members = line.rsplit(b",", left)
        for member in reversed(members[-left:]):
            if stripped := member.strip(b" \t"):
                yield stripped
        left -= len(members[-left:])
        if left <= 0:
            return


def _nth_last(head: RequestHead, name: bytes, hops: int) -> bytes:
    """Return what the proxy wrote to which the client spoke: as far from the right as it is.

    Many proxies replace these fields rather than append to them; then the one member counts.
    """
    if value(head.fields, name) is None:
        return b""
    found = b""
    for count, member in enumerate(_backwards(head, name), start=1):
        found = member
        if count >= hops:
            break
    return found


def _is_authority(host: bytes) -> bool:
    return 0 < len(host) <= _AUTHORITY_MAX and not host.translate(None, _AUTHORITY)
