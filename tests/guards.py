"""A guarded gateway in values: route "a" takes keys, tokens and an authority's word."""

from dataclasses import replace
from ipaddress import ip_network

from gateway_core.clock import UnixTime, seconds
from gateway_core.exchange import Door, Policies, failure_limit
from gateway_core.fencing import Fence
from gateway_core.forwarding import ForwardingRules
from gateway_core.identifying import (
    IDENTITY_FIELDS,
    ApiKey,
    ApiKeys,
    Authority,
    Caller,
    Field,
    Guard,
    KeyRing,
    Parameter,
    TokenRules,
    Tokens,
    digest_of,
)
from gateway_core.limiting import Rate
from gateway_core.message import RequestHead
from gateway_core.sharing import Sharing
from tests.exchanges import POLICIES, get
from tests.tokens import AUDIENCE, ISSUER

WALL = UnixTime(1000)
APP = b"https://app.example"
ADA = Caller("ada", frozenset({"read", "write"}))
KEYS = ApiKeys(
    "keys", KeyRing((ApiKey(digest_of("k"), ADA),)), (Field(b"x-api-key"), Parameter(b"key"))
)
AUTHORITY = Authority("ours")


def tokens() -> Tokens:
    return Tokens("tokens", TokenRules(ISSUER, frozenset({AUDIENCE}), frozenset({"RS256"})))


def guard(*, asks: bool = False, scopes: str = "read", forward: bool = False) -> Guard:
    schemes = (KEYS, tokens(), AUTHORITY) if asks else (KEYS, tokens())
    return Guard(schemes, frozenset(scopes.split()), forward_credentials=forward)


FENCE = Fence(deny=(ip_network("198.51.100.0/24"),))
SHARING = Sharing(frozenset({APP}), credentials=True)


def guarded(door: Door | None = None, *, failures: int = 3) -> Policies:
    """The small gateway, with a door of its own at route "a"."""
    return replace(
        POLICIES,
        doors={"a": door or Door(guard(), SHARING, FENCE, hardened=True)},
        forwarding=ForwardingRules(reserved=IDENTITY_FIELDS),
        failures=failure_limit(Rate(failures, seconds(60))),
    )


def with_key(key: bytes = b"k", **more) -> RequestHead:
    return get(fields=((b"x-api-key", key),), **more)


def with_token(token: bytes, **more) -> RequestHead:
    return get(fields=((b"authorization", b"Bearer " + token),), **more)
