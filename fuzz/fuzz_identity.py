"""Credentials of every malformed shape, in every place.

Invariant: whatever a client sends, identify answers and raises nothing; only the one right key
names a caller, and only where it stands alone; an unproven token has been read whole, claims the
issuer, the audience and a time that holds, and its algorithm is allowed; whatever is refused as
wrong is refused in the same words; taking a key out of a target leaves none in it, and what is
left byte for byte. A key set is read in bounds, and no key serves an algorithm that is not its own.
"""

import json
from typing import Final

from gateway_core.clock import UnixTime
from gateway_core.identifying import (
    ApiKey,
    ApiKeys,
    Caller,
    Field,
    Guard,
    KeyRing,
    Parameter,
    Proven,
    Rejected,
    TokenRules,
    Tokens,
    Unproven,
    candidates,
    digest_of,
    read_key_set,
)
from gateway_core.identifying.claims import ALGORITHMS
from gateway_core.message import RequestHead

_CLAIMS: Final = b"eyJpc3MiOiJpIiwiYXVkIjoiYSIsInN1YiI6ImFkYSIsImV4cCI6MjAwMH0"
SEEDS: Final[list[bytes]] = [
    b"x-api-key: k\n/a?b=1",
    b"x-api-key: k\nx-api-key: k\n/a",
    b"/a?key=k&%6bey=k&b=+",
    b"authorization: Bearer eyJhbGciOiJSUzI1NiJ9." + _CLAIMS + b".c2ln\n/",
    b"authorization: Bearer eyJhbGciOiJub25lIn0." + _CLAIMS + b".\n/",
    b"authorization: Bearer eyJhbGciOiJSUzI1NiIsImNyaXQiOlsiYSJdfQ." + _CLAIMS + b".c2ln\n/",
    b"authorization: Basic eA==\nauthorization: Bearer a.b.c\n/",
    b"authorization: bearer  a.b.c.d.e\n/?key",
    b'{"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}, {"kty": "oct", "k": "AQ"}]}',
    b'{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "use": "enc"}]}',
]

_ADA: Final = Caller("ada", frozenset({"read"}))
_QUERY: Final = Parameter(b"key")
_KEYS: Final = ApiKeys(
    "keys", KeyRing((ApiKey(digest_of("k"), _ADA),)), (Field(b"x-api-key"), _QUERY)
)
_RULES: Final = TokenRules("i", frozenset({"a"}), frozenset({"RS256", "ES256"}))
_NOW: Final = UnixTime(1000)
_FIELDS_MAX: Final = 20


def check(data: bytes) -> None:
    """Layout: field lines, `name: value`, and in the last line the target; or a key set."""
    *lines, target = data.split(b"\n")
    fields = tuple(_line(line) for line in lines[:_FIELDS_MAX])
    head = RequestHead("GET", target, b"gw", fields)
    _check_identity(head)
    _check_place(target)
    _check_key_set(data)


def _line(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.strip().lower(), value.strip(b" \t")


def _check_identity(head: RequestHead) -> None:
    guard = Guard((_KEYS, Tokens("tokens", _RULES)), frozenset({"read"}))
    found = guard.identify(head, _NOW)
    keys = [value for name, value in head.fields if name == b"x-api-key"] + _QUERY.find(head)
    if isinstance(found, Proven):
        assert keys == [b"k"]
        assert _QUERY.find(RequestHead("GET", guard.target(found, head.target), b"", ())) == []
    elif isinstance(found, Unproven):
        claims = json.loads(json.dumps(found.token.claims))
        assert (claims["iss"], claims["sub"]) == ("i", found.claimed.caller.id)
        assert found.token.algorithm in _RULES.algorithms
        assert found.claimed.holds(_NOW)
        assert found.token.text.count(b".") == 2
        assert not keys
    else:
        assert isinstance(found, Rejected)
        assert found.refusal.status == 401
        assert found.refusal.fields
        if found.counts:
            assert found.refusal == guard.refuted("another").refusal
        assert keys != [b"k"] or found.note == "credential-ambiguous"


def _check_place(target: bytes) -> None:
    left = _QUERY.removed_from(target)
    assert _QUERY.removed_from(left) == left
    if not _QUERY.find(RequestHead("GET", target, b"", ())):
        assert left == target


def _check_key_set(document: bytes) -> None:
    keys = read_key_set(document)
    if isinstance(keys, str):
        return
    assert keys
    for algorithm in (*ALGORITHMS, "none"):
        for key in candidates(keys, algorithm, ""):
            assert algorithm[:2] not in ("HS", "no")
            assert (key.kind == "RSA") is (algorithm[:2] in ("RS", "PS"))
            assert key.algorithm in ("", algorithm)
