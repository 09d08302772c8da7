"""Routing: request heads against a small house of routes of every kind.

Invariant: any bytes give a match, a refusal or the gateway's own OPTIONS, never an
exception; what is matched is what is forwarded: the upstream's target is in
origin-form, in normal form, without a byte that could end a request line, its query
is the client's, its path is what RFC 3986 makes of the client's, and asking for it
again (where nothing was stripped or rewritten) selects the same route.
"""

import re
from typing import Final

from gateway_core.message import RequestHead
from gateway_core.refusal import Refusal
from gateway_core.routing import (
    FieldRule,
    Match,
    Outcome,
    Pattern,
    QueryRule,
    Rewrite,
    Route,
    Router,
    ServerOptions,
    normalise,
)

ROUTER: Final = Router(
    (
        Route("stripped", Pattern.prefix("/service-a"), "u", strip_prefix=True),
        Route("admin", Pattern.prefix("/admin"), "u", methods=frozenset({"GET"})),
        Route("deep", Pattern.prefix("/service-a/admin"), "u"),
        Route("item", Pattern.path("/items/{id}"), "u"),
        Route("folder", Pattern.path("/items/"), "u"),
        Route(
            "rewritten",
            Pattern.path("/old/{id}/{rest...}"),
            "u",
            rewrite=Rewrite.path("/new/{rest}/{id}"),
        ),
        Route("encoded", Pattern.path("/a%2fb/{rest...}"), "u"),
        Route("canary", Pattern.prefix("/x"), "u", headers=(FieldRule(b"x-canary", b"1"),)),
        Route("v2", Pattern.prefix("/x"), "u", query=(QueryRule(b"v", b"2"),)),
        Route("host", Pattern.prefix("/"), "u", hosts=("api.example.com", "[::1]")),
        Route("wild", Pattern.prefix("/a"), "u", hosts=("*.example.com",)),
        Route("root", Pattern.path("/"), "u"),
    )
)

SEEDS: Final[list[bytes]] = [
    b"GET\nh\n/service-a/items/1?x=1",
    b"GET\nh\n/service-a?",
    b"GET\nh\n/service-a//evil",
    b"POST\nh:80\n/admin/%2e%2e/service-a/..%2fadmin",
    b"GET\nh\n/%61dmin;x/..;/y",
    b"HEAD\napi.example.com.:443\n/a//../b?q=%zz\\",
    b"GET\n[0::1]:80\nhttp://x.Example.com:1/items/%2F%61/./..",
    b"OPTIONS\nh\n*",
    b"OPTIONS\nh\nhttp://api.example.com",
    b"GET\nh\n/old/1/a/b/?c\nx-canary: 1",
    b"GET\nh\n/x?a=1&%76=2\nx-canary: 1",
    b"CONNECT\nh\nh:443",
    b"GET\nu@h\n/a%2Fb/%00%5c#",
    b"GET\nh\n/service-a/%40%5b%60%7b%7f%2c%2F%3a%5E~%7e",  # neighbours of unreserved ones
    b"GET\nh\n/items/%30%39%41%5A%61%7a%2D%2e%5f",
    b"GET\nh\n/a%2fb/c%3b;d/",
]

UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
VISIBLE: Final = re.compile(rb"[\x21-\x7e]+")


def check(data: bytes) -> None:
    """Raise AssertionError where the invariant is broken.

    Layout of `data`: lines of method, authority, target (which may hold anything but a
    line feed, unless it is the last line), then `name: value` lines. "\\n" alone parts.
    """
    method, authority, target, *lines = [*data.split(b"\n"), b"", b""]
    pairs = (line.partition(b":") for line in lines)
    fields = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    head = RequestHead(method.decode("latin-1"), target, authority, fields)
    answer, told = ROUTER.match(head), ROUTER.explain(head)
    if isinstance(answer, Match):
        check_match(head, answer)
        assert isinstance(told, tuple)
        assert (answer.route, Outcome.SERVES) in told
    elif isinstance(answer, Refusal):
        assert answer.status in (400, 404, 405, 414)
        assert (answer.status in (400, 414)) <= (told == answer)
    else:
        assert isinstance(answer, ServerOptions)
        assert method == b"OPTIONS"


def check_match(head: RequestHead, match: Match) -> None:
    path, mark, query = match.target.partition(b"?")
    assert path.startswith(b"/")
    assert VISIBLE.fullmatch(match.target)
    assert b"#" not in match.target
    assert b"\\" not in path
    assert b"@" not in match.authority
    assert normalise(path) == path
    sent, sent_mark, sent_query = head.target.partition(b"?")
    assert (mark, query) == (sent_mark, sent_query)
    sent = re.sub(rb"(?i)^https?://[^/]*", b"", sent) or b"/"
    assert match.path == expected(sent)
    for value in match.params.values():
        assert value in match.path
    if match.route.rewrite is None and not match.route.strip_prefix:
        assert path == match.path
        again = RequestHead(head.method, match.target, match.authority, head.fields)
        assert ROUTER.match(again) == match


def expected(path: bytes) -> bytes:
    """Return what RFC 3986, 6.2.2.2 and 5.2.4 make of a path: an oracle with no cleverness."""
    decoded, place = bytearray(), 0
    while place < len(path):
        byte = path[place]
        if byte == ord("%"):
            byte = int(path[place + 1 : place + 3], 16)
            if byte not in UNRESERVED:
                decoded += path[place : place + 3]
            else:
                decoded.append(byte)
            place += 3
        else:
            decoded.append(byte)
            place += 1
    kept: list[bytes] = []
    *folders, last = bytes(decoded).split(b"/")[1:]
    for segment in folders:
        if segment == b"..":
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    if last == b"..":
        kept.pop()
    kept.append(b"" if last in (b".", b"..") else last)
    return b"/" + b"/".join(kept)
