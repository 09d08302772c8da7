"""Heads on their way through the gateway, both ways.

Invariant: whatever fields come, nothing hop-by-hop, reserved or broken over lines goes out; no
end-to-end field is lost, changed or reordered; claims of a stranger change nothing, and a
trusted peer's are walked to one client; a Location never leaves its prefix or its host.
"""

from typing import Final

from gateway_core.forwarding import (
    Believed,
    ForwardingRules,
    find_client,
    forward_request,
    forward_response,
    forwarding_plan,
    is_last_hop,
    parse_trusted,
    request_id,
    via_loop,
)
from gateway_core.forwarding.names import END_TO_END, HOP_BY_HOP, PROXY_AUTHENTICATION
from gateway_core.message import Fields, RequestHead, ResponseHead, values

SEEDS: Final[list[bytes]] = [
    b"0\nconnection: close, x-a, authorization\nx-a: 1\nauthorization: Basic eA==",
    b"0\nx_forwarded_for: 203.0.113.7\nx-forwarded-for: 203.0.113.7\nforwarded: for=203.0.113.7",
    b"1\nx-forwarded-for: 203.0.113.7, 10.0.0.9\nx-forwarded-proto: https\nx-forwarded-host: a:1",
    b'1\nforwarded: for="[2001:db8::1]:80";proto=https;host=a, for=10.0.0.2',
    b'3\nforwarded: for="x, for=203.0.113.7;secret="a,b"\nx-forwarded-for: 1.1.1.1',
    b"1\nvia: 1.1 gateway, 1.0 fred\nmax-forwards: 1\nte: trailers, gzip\nx-request-id: a b",
    b"2\ncookie: a=b\ncookie: c=d\nx-a: b\rc",
    b"0\nlocation: http://127.0.0.1:8001/x?y\nset-cookie: a=b; Path=/; Secure\nrefresh: 5; url='/x'",
    b"0\ntransfer-encoding: chunked\ncontent-length: 3\nlocation: //evil.example/\nlocation: /\\evil",
]

_RESERVED: Final = frozenset({b"x-gateway-secret"})
_TRUSTED: Final = parse_trusted(["10.0.0.0/8", "unix"])
_RULES: Final = {
    believed: ForwardingRules(trusted=_TRUSTED, believed=believed, reserved=_RESERVED)
    for believed in Believed
}
_GONE: Final = HOP_BY_HOP | PROXY_AUTHENTICATION | _RESERVED | {b"trailer"}
_CLAIMS: Final = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip"}
)
_BESIDE: Final = {b"host", b"content-length", b"via", b"cookie", b"max-forwards"}
_FIELDS_MAX: Final = 200
"""The gateway's own limit: a head with more never gets this far."""
_STRANGER, _PROXY = "192.0.2.1", "10.0.0.1"


def check(data: bytes) -> None:
    """Layout: a line of one byte, whose low bits choose peer, version, beliefs, method; then fields."""
    first, _, rest = data.partition(b"\n")
    choice = first[0] if first else 0
    fields = tuple(_line(text) for text in rest.split(b"\n")[:_FIELDS_MAX])
    rules = list(_RULES.values())[choice // 4 % 3]
    peer = _PROXY if choice & 1 else _STRANGER
    version = "2" if choice & 2 else "1.1"
    head = RequestHead(
        "OPTIONS" if choice & 8 else "GET", b"/", b"a", fields, peer, version=version
    )
    _check_request(head, rules)
    _check_response(fields, rules)
    via_loop(fields, b"gateway")
    is_last_hop(head)
    assert request_id(fields, "fresh").isprintable()


def _line(text: bytes) -> tuple[bytes, bytes]:
    name, _, told = text.partition(b":")
    return name.lower(), told.strip(b" \t")


def _check_request(head: RequestHead, rules: ForwardingRules) -> None:
    plan = forwarding_plan(rules, prefix=b"/p")
    client = find_client(head, rules)
    assert client.hops[0] == client.address
    assert client.hops[-1] == head.peer
    sent = forward_request(head, client, plan, target=b"/", authority=b"b", request_id="id").fields
    _check_clean(sent)
    assert all(len(values(sent, name)) == 1 for name in _CLAIMS - {b"x-real-ip"})
    assert _end_to_end(sent) == _end_to_end(head.fields)
    if head.peer == _STRANGER:
        assert client.address == _STRANGER
        honest = tuple(line for line in head.fields if line[0] not in _CLAIMS)
        bare = RequestHead(head.method, b"/", b"a", honest, _STRANGER, version=head.version)
        again = forward_request(
            bare, find_client(bare, rules), plan, target=b"/", authority=b"b", request_id="id"
        )
        assert again.fields == sent


def _check_response(fields: Fields, rules: ForwardingRules) -> None:
    client = find_client(RequestHead("GET", b"/", b"public", (), _STRANGER), rules)
    plan = forwarding_plan(rules, prefix=b"/p")
    asked = (b"127.0.0.1:8001",)
    once = forward_response(ResponseHead(200, fields), client, plan, asked=asked, request_id="id")
    _check_clean(once.fields)
    twice = forward_response(once, client, plan, asked=asked, request_id="id")
    assert twice == once
    for told in values(once.fields, b"location"):
        if told.startswith(b"/") and not told.startswith(b"//"):
            assert told == b"/p" or told.startswith((b"/p/", b"/p?", b"/p#"))


def _check_clean(sent: Fields) -> None:
    assert not {line for line in sent if line[0] in _GONE} - {(b"te", b"trailers")}
    assert not any(_breaks(name) or _breaks(told) for name, told in sent)
    assert len(values(sent, b"x-request-id")) == 1


def _end_to_end(fields: Fields) -> list[tuple[bytes, bytes]]:
    return [line for line in fields if line[0] in END_TO_END - _BESIDE and not _breaks(line[1])]


def _breaks(text: bytes) -> bool:
    return b"\n" in text or b"\r" in text or b"\0" in text
