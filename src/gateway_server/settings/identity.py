"""From settings to what the core knows of identity: schemes, doors, and reserved names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from gateway_core.clock import SECOND
from gateway_core.errors import ConfigError
from gateway_core.exchange.door import Door
from gateway_core.fencing import Fence
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
    Scheme,
    TokenRules,
    Tokens,
    digest_of,
)
from gateway_core.sharing import Sharing

from .compositions import build_compositions
from .places import KeyPath, quote, spell
from .problem import Finding
from .schema import ApiKeySettings, AuthSettings, CorsSettings, RouteSettings, Settings
from .schema.secret_text import Secret
from .transformations import build_changes

T = TypeVar("T")

PUBLIC: Final = ("RS256", "ES256", "EdDSA")
"""What is taken where an issuer has public keys and nothing else is said."""
SHARED: Final = ("HS256",)
OWN: Final = "gateway"
"""Issuer and audience of the gateway's own tokens."""
SECRET_BYTES_MIN: Final = 32
"""Of a secret that something is signed with: as many as SHA-256 has (RFC 7518, 3.2)."""

_KEYS_OF: Final[Mapping[str, frozenset[str]]] = {
    "api-key": frozenset({"header", "scheme", "query", "keys"}),
    "jwt": frozenset(
        {
            "issuer",
            "audience",
            "algorithms",
            "jwks",
            "jwks_ca",
            "public_key",
            "secret",
            "leeway",
            "name_claim",
            "scopes_claim",
            "refresh",
            "type",
        }
    ),
    "password": frozenset({"issuer", "audience", "secret", "leeway", "users", "lifetime"}),
    "forward": frozenset(
        {"url", "headers", "credentials", "name_header", "scopes_header", "timeout"}
    ),
}


def build_doors(settings: Settings, schemes: Mapping[str, Scheme]) -> dict[str, Door]:
    """Return the door of each route that has one, by the route's name.

    ConfigError, with the key's path, for the first that cannot be.
    """
    doors: dict[str, Door] = {}
    for index, wanted in enumerate(settings.routes):
        door, findings = assemble_door(wanted, schemes)
        _raise_first(findings, ("routes", index))
        if door is not None:
            doors[wanted.name] = door
    return doors


def build_schemes(settings: Settings) -> dict[str, Scheme]:
    """Return the ways to say who one is, by name. Reads the files of secrets. ConfigError."""
    schemes: dict[str, Scheme] = {}
    kept = _claims_of(settings)
    for name, wanted in settings.auth.items():
        scheme, findings = assemble_scheme(name, wanted, kept_claims=kept)
        _raise_first(findings, ("auth", name))
        assert scheme is not None
        schemes[name] = scheme
    return schemes


def _claims_of(settings: Settings) -> frozenset[str]:
    """Return the claims that routes refer to; of all others a token is not remembered with."""
    told = [changes.claims for changes in build_changes(settings).values()]
    asked = [plan.claims for plan in build_compositions(settings).values()]
    return frozenset[str]().union(*told, *asked)


def reserved_names(settings: Settings) -> frozenset[bytes]:
    """Return the names of the fields that only the gateway writes."""
    names = set(IDENTITY_FIELDS)
    for upstream in settings.upstreams.values():
        if upstream.secret is not None:
            names.add(upstream.secret.header.lower().encode())
        if upstream.signature is not None:
            names |= {b"signature", b"signature-input", b"content-digest"}
        token = upstream.caller_token
        if token is not None and token.header.lower() != "authorization":
            names.add(token.header.lower().encode())
    return frozenset(names)


def _raise_first(findings: list[Finding], path: KeyPath) -> None:
    for finding in findings:
        raise ConfigError(spell((*path, *finding.path)), finding.message)


@dataclass(slots=True)
class _Parts:
    """Builds parts, and collects why they cannot be built."""

    reveal: Callable[[Secret], str] = Secret.reveal
    findings: list[Finding] = field(default_factory=list[Finding])

    def take(self, path: KeyPath, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ConfigError as error:
            self.findings.append(Finding(path, error.problem))
            return None

    def wrong(self, path: KeyPath, message: str, cure: str = "") -> None:
        self.findings.append(Finding(path, message, cure, on_key=True))


def assemble_scheme(
    name: str,
    wanted: AuthSettings,
    reveal: Callable[[Secret], str] = Secret.reveal,
    kept_claims: frozenset[str] = frozenset(),
) -> tuple[Scheme | None, list[Finding]]:
    """Return the scheme, or None and all that keeps it from being one.

    `kept_claims` are those of a token that some route says something of.
    """
    parts = _Parts(reveal)
    _judge_keys(wanted, parts)
    make: Callable[[], Scheme | None] = {
        "api-key": lambda: _api_keys(name, wanted, parts),
        "jwt": lambda: _tokens(name, wanted, parts, kept_claims),
        "password": lambda: _passwords(name, wanted, parts),
        "forward": lambda: _authority(name, wanted, parts),
    }[wanted.kind]
    scheme = make()
    return (None if parts.findings else scheme), parts.findings


def _judge_keys(wanted: AuthSettings, parts: _Parts) -> None:
    mine = _KEYS_OF[wanted.kind]
    for key in sorted(wanted.model_fields_set - mine - {"kind"}):
        kinds = [kind for kind, keys in _KEYS_OF.items() if key in keys]
        cure = f"it is for {' and '.join(quote(kind) for kind in kinds)}"
        parts.wrong((key,), f"means nothing for kind {quote(wanted.kind)}", cure)


def _api_keys(name: str, wanted: AuthSettings, parts: _Parts) -> Scheme | None:
    if not wanted.keys:
        parts.wrong(("keys",), "there are no keys", "make one: gateway keys new NAME")
    keys = [
        parts.take(("keys", index), partial(_key, each, parts.reveal))
        for index, each in enumerate(wanted.keys)
    ]
    places = _places(wanted, parts)
    ring = parts.take(("keys",), lambda: KeyRing(tuple(key for key in keys if key)))
    return None if ring is None else ApiKeys(name, ring, places)


def _places(wanted: AuthSettings, parts: _Parts) -> tuple[Field | Parameter, ...]:
    places: list[Field | Parameter] = []
    if wanted.header is not None or wanted.query is None:
        header = (wanted.header or "X-API-Key").lower().encode()
        places.append(Field(header, (wanted.scheme or "").lower().encode()))
    elif wanted.scheme is not None:
        parts.wrong(("scheme",), "stands in a field, and no `header` is given")
    if wanted.query is not None:
        if not wanted.query:
            parts.wrong(("query",), "must not be empty")
        places.append(Parameter(wanted.query.encode()))
    return tuple(places)


def _key(wanted: ApiKeySettings, reveal: Callable[[Secret], str]) -> ApiKey:
    if (wanted.value is None) == (wanted.sha256 is None):
        raise ConfigError("", "a key has either value or sha256")
    if wanted.value is not None:
        digest = digest_of(reveal(wanted.value))
    else:
        digest = bytes.fromhex(wanted.sha256 or "")
    caller = Caller(wanted.id, frozenset(wanted.scopes), tuple(dict.fromkeys(wanted.limits)))
    return ApiKey(digest, caller, wanted.expires)


def _tokens(
    name: str, wanted: AuthSettings, parts: _Parts, kept_claims: frozenset[str]
) -> Scheme | None:
    given = [key for key in ("jwks", "public_key", "secret") if getattr(wanted, key) is not None]
    if len(given) != 1:
        parts.wrong((given[1] if given else "jwks",), "give one of jwks, public_key and secret")
    if wanted.jwks_ca is not None and wanted.jwks is None:
        parts.wrong(("jwks_ca",), "verifies who publishes jwks, which is not given")
    if wanted.issuer is None:
        parts.wrong(("issuer",), 'the key "issuer" is missing')
    if not wanted.audience:
        parts.wrong(("audience",), 'the key "audience" is missing')
    shared = wanted.secret is not None
    algorithms = wanted.algorithms or (SHARED if shared else PUBLIC)
    for algorithm in algorithms:
        if algorithm.startswith("HS") is not shared:
            message = f"{algorithm} is for {'public keys' if shared else 'a shared secret'}"
            parts.wrong(("algorithms",), message)
    if wanted.secret is not None:
        _judge_secret(wanted.secret, parts)
    if parts.findings:
        return None
    rules = parts.take(
        ("audience",),
        lambda: TokenRules(
            wanted.issuer or "",
            frozenset(wanted.audience),
            frozenset(algorithms),
            wanted.leeway // SECOND,
            wanted.name_claim,
            wanted.scopes_claim,
            "" if wanted.type == "any" else wanted.type,
            kept_claims,
        ),
    )
    return None if rules is None else Tokens(name, rules)


def _passwords(name: str, wanted: AuthSettings, parts: _Parts) -> Scheme | None:
    if wanted.secret is None:
        cure = 'write secret = "${TOKEN_SECRET}", 32 bytes or more'
        parts.wrong(("secret",), 'the key "secret" is missing', cure)
    else:
        _judge_secret(wanted.secret, parts)
    seen: set[str] = set()
    for index, user in enumerate(wanted.users):
        if user.name in seen:
            parts.wrong(("users", index, "name"), "another user has this name")
        seen.add(user.name)
        parts.take(("users", index), partial(Caller, user.name, frozenset(user.scopes)))
    rules = parts.take((), lambda: own_rules(wanted))
    return None if rules is None else Tokens(name, rules)


def own_rules(wanted: AuthSettings) -> TokenRules:
    """Return what the gateway's own tokens say of themselves."""
    audience = frozenset(wanted.audience or (OWN,))
    leeway = wanted.leeway // SECOND
    return TokenRules(wanted.issuer or OWN, audience, frozenset(SHARED), leeway)


def _authority(name: str, wanted: AuthSettings, parts: _Parts) -> Scheme | None:
    if wanted.url is None:
        parts.wrong(("url",), 'the key "url" is missing')
    return Authority(name, frozenset(field.lower().encode() for field in wanted.credentials))


def _judge_secret(secret: Secret, parts: _Parts) -> None:
    parts.take(("secret",), partial(signing_secret, secret, parts.reveal))


def signing_secret(secret: Secret, reveal: Callable[[Secret], str] = Secret.reveal) -> bytes:
    """Return what signs. ConfigError where it could be guessed."""
    key = reveal(secret).encode()
    if len(key) < SECRET_BYTES_MIN:
        raise ConfigError("", f"must have {SECRET_BYTES_MIN} bytes or more")
    return key


def assemble_door(
    wanted: RouteSettings, schemes: Mapping[str, Scheme]
) -> tuple[Door | None, list[Finding]]:
    """Return the route's door, None where everybody may come; and all that is wrong with it.

    Names in `auth` that are not among `schemes` are told elsewhere.
    """
    parts = _Parts()
    guard = sharing = fence = None
    if wanted.auth:
        known = tuple(schemes[name] for name in dict.fromkeys(wanted.auth) if name in schemes)
        make = partial(Guard, known, frozenset(wanted.scopes), wanted.forward_credentials)
        guard = parts.take(("auth",), make)
    else:
        for key in ("scopes", "forward_credentials"):
            if key in wanted.model_fields_set and getattr(wanted, key):
                parts.wrong((key,), "nobody is asked who they are", 'write auth = ["NAME"]')
    if wanted.cors is not None:
        sharing = _sharing(wanted.cors, parts)
    if wanted.allow_from or wanted.deny_from:
        fence = Fence(wanted.allow_from, wanted.deny_from)
    if parts.findings:
        return None, parts.findings
    door = Door(guard, sharing, fence, wanted.security_headers)
    return (None if door == Door() else door), []


def _sharing(cors: CorsSettings, parts: _Parts) -> Sharing | None:
    def make() -> Sharing:
        return Sharing(
            frozenset(origin.encode() for origin in cors.origins),
            cors.credentials,
            cors.methods,
            cors.headers,
            cors.expose,
            cors.max_age // SECOND,
        )

    for key in ("methods", "headers", "expose"):
        for index, word in enumerate(getattr(cors, key) or ()):
            if not word.isascii() or not word.isprintable() or " " in word or "," in word:
                parts.wrong(("cors", key, index), "is no name")
    return parts.take(("cors", "origins"), make)
