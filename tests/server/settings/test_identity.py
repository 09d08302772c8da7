"""What the settings say of callers, as the core's values."""

from ipaddress import ip_network

import pytest

from gateway_core.clock import UnixTime
from gateway_core.errors import ConfigError
from gateway_core.exchange import Door
from gateway_core.fencing import Fence
from gateway_core.identifying import (
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
from gateway_core.sharing import Sharing
from gateway_server.settings.identity import build_doors, build_schemes, reserved_names
from gateway_server.settings.schema import Settings
from tests.configurations import ROUTE, read

FULL = """
[auth.keys]
kind = "api-key"
header = "Authorization"
scheme = "Key"
query = "key"
keys = [
  { id = "ada", value = "k", scopes = ["read"], expires = "2027-01-31" },
  { id = "bob", sha256 = "%s" },
]
[auth.tokens]
kind = "jwt"
issuer = "https://i"
audience = ["a", "b"]
algorithms = "PS256"
jwks = "https://i/jwks"
leeway = "5s"
name_claim = "azp"
scopes_claim = "scp"
type = "at+jwt"
[auth.shared]
kind = "jwt"
issuer = "i"
audience = "a"
secret = "0123456789012345678901234567890123456789"
[auth.own]
kind = "password"
secret = "0123456789012345678901234567890123456789"
[auth.asked]
kind = "forward"
url = "http://a/b"
credentials = ["X-Session"]
""" % ("ab" * 32)


def test_each_kind_becomes_a_scheme() -> None:
    schemes = build_schemes(read(f"{FULL}{ROUTE}"))
    rules = TokenRules(
        "https://i", frozenset({"a", "b"}), frozenset({"PS256"}), 5, "azp", "scp", "at+jwt"
    )
    hs256 = frozenset({"HS256"})
    assert schemes == {
        "keys": ApiKeys(
            "keys",
            KeyRing(
                (
                    ApiKey(
                        digest_of("k"), Caller("ada", frozenset({"read"})), UnixTime(1801353600)
                    ),
                    ApiKey(bytes.fromhex("ab" * 32), Caller("bob")),
                )
            ),
            (Field(b"authorization", b"key"), Parameter(b"key")),
        ),
        "tokens": Tokens("tokens", rules),
        "shared": Tokens("shared", TokenRules("i", frozenset({"a"}), hs256)),
        "own": Tokens("own", TokenRules("gateway", frozenset({"gateway"}), hs256)),
        "asked": Authority("asked", frozenset({b"x-session"})),
    }


def test_what_is_not_said_is_as_it_is_expected() -> None:
    text = '[auth.c]\nkind = "api-key"\nkeys = [{ id = "a", value = "k" }]\n'
    keys = build_schemes(read(f"{text}{ROUTE}"))["c"]
    assert isinstance(keys, ApiKeys)
    assert keys.places == (Field(b"x-api-key"),)
    text = text.replace("keys =", 'query = "k"\nkeys =')
    keys = build_schemes(read(f"{text}{ROUTE}"))["c"]
    assert isinstance(keys, ApiKeys)
    assert keys.places == (Parameter(b"k"),)
    text = '[auth.c]\nkind = "jwt"\nissuer = "i"\naudience = "a"\njwks = "http://i"\n'
    tokens = build_schemes(read(f"{text}{ROUTE}"))["c"]
    assert isinstance(tokens, Tokens)
    assert tokens.rules.algorithms == {"RS256", "ES256", "EdDSA"}


def test_a_route_has_its_door() -> None:
    more = """auth = ["keys", "asked"]
scopes = ["read"]
forward_credentials = true
allow_from = ["10.0.0.0/8"]
deny_from = "10.6.6.6"
security_headers = true
cors = { origins = "https://a", credentials = true, methods = ["GET"], headers = ["X-A"], expose = ["X-B"], max_age = "5s" }
"""
    settings = read(f"{FULL}{ROUTE}{more}")
    schemes = build_schemes(settings)
    assert build_doors(settings, schemes) == {
        "a": Door(
            Guard((schemes["keys"], schemes["asked"]), frozenset({"read"}), True),
            Sharing(frozenset({b"https://a"}), True, ("GET",), ("X-A",), ("X-B",), 5),
            Fence((ip_network("10.0.0.0/8"),), (ip_network("10.6.6.6/32"),)),
            hardened=True,
        )
    }


def test_a_route_that_asks_nothing_has_none() -> None:
    assert build_doors(read(ROUTE), {}) == {}


def test_names_that_only_the_gateway_writes_are_reserved() -> None:
    more = ROUTE.replace(
        "[[routes]]",
        f"""secret = {{ header = "X-Proof", value = "s" }}
signature = {{ secret = "{"s" * 32}" }}
caller_token = {{ secret = "{"s" * 32}", header = "X-Caller" }}
[[routes]]""",
    )
    ours = {b"x-consumer-id", b"x-consumer-scopes"}
    assert reserved_names(read(ROUTE)) == ours
    assert reserved_names(read(more)) == ours | {
        b"x-proof", b"signature", b"signature-input", b"content-digest", b"x-caller",
    }  # fmt: skip
    bearer = more.replace(', header = "X-Caller"', "")
    assert b"authorization" not in reserved_names(read(bearer))


def test_settings_that_were_never_examined_raise_with_the_keys_path() -> None:
    auth = {"c": {"kind": "api-key", "keys": [{"id": "a b", "value": "k"}]}}
    settings = Settings.model_validate({"auth": auth})
    with pytest.raises(ConfigError, match=r"auth\.c\.keys\[0\]: must be 1 to 255"):
        build_schemes(settings)
    route = {"name": "a", "prefix": "/", "upstream": "b", "scopes": ["x"]}
    with pytest.raises(ConfigError, match=r"routes\[0\]\.scopes: nobody is asked"):
        build_doors(Settings.model_validate({"routes": [route]}), {})
