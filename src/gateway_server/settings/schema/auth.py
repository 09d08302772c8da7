"""`[auth.NAME]`: a way in which callers say who they are. Routes name those that they take."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from gateway_core.clock import UnixTime
from gateway_core.identifying import ALGORITHMS

from .gateway import FILE
from .keys import OneOrMany, Reads, Table, choice, key, wrong
from .names import Texts
from .secret_text import Secret, SecretText
from .values import Timeout, duration

KINDS: Final = ("api-key", "jwt", "password", "forward")

_FIELD_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_ARGON2: Final = re.compile(r"\$argon2(?:id|i|d)\$[!-~]{1,500}")
_TIME_CURE: Final = 'write "2027-01-31" or "2027-01-31T12:00:00Z"'


def _read_field_name(value: object) -> str:
    if not isinstance(value, str) or not _FIELD_NAME.fullmatch(value):
        raise wrong("is no name of a field")
    return str(value)


def _read_digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise wrong("is no SHA-256", "64 hexadecimal digits, as `gateway keys new` shows them")
    return str(value).lower()


def _read_time(value: object) -> UnixTime:
    """Read a date or a time, as text or as TOML's own; a date is its beginning in UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise wrong("is no time", _TIME_CURE) from None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - below
    if not isinstance(moment, datetime):
        raise wrong("is no time", _TIME_CURE)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return UnixTime(int(moment.timestamp()))


def _read_url(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[!-~]+", value):
        raise wrong("is no URL", 'write "https://host/path"')
    try:
        url = urlsplit(value)
        usable = bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
        url = urlsplit("")
    if not usable or "@" in url.netloc or url.fragment:
        raise wrong("is no URL that can be asked", 'write "https://host/path", no user, no "#"')
    return str(value)


def _read_hash(value: object) -> Secret:
    if not isinstance(value, str) or not _ARGON2.fullmatch(value):
        raise wrong("is no argon2 hash", "make one: gateway keys password")
    return Secret(str(value))


FIELD_NAME: Final = Reads(_read_field_name, {"type": "string", "x-type": "name of a field"})
URL: Final = Reads(_read_url, {"type": "string", "x-type": "URL"})
_TIME: Final = Reads(_read_time, {"type": "string", "x-type": "date, or time in UTC"})


class ApiKeySettings(Table):
    """A key. Several of one consumer all work, so that they can be rotated."""

    id: str = key(about="The consumer that it names: what services and logs are told.")
    value: SecretText | None = key(
        None, about="The key itself. Either `value` or `sha256`.", shown="none"
    )
    sha256: (
        Annotated[str, Reads(_read_digest, {"type": "string", "x-type": "64 hexadecimal digits"})]
        | None
    ) = key(
        None,
        about="What `gateway keys new` says is to be kept of it.",
        why="Whoever reads the configuration cannot use the key.",
        shown="none",
    )
    scopes: Texts = key((), about="What it may do.")
    limits: Texts = key(
        (),
        about="Names of `[limits.NAME]` that requests with this key stand under, beside those of "
        'their route. A budget is shared by all keys that bear it; with `key = "consumer"` each '
        "consumer has its own, whichever of its keys it shows.",
        shown="none",
    )
    expires: Annotated[UnixTime, _TIME] | None = key(
        None, about="From then on it is refused.", shown="never"
    )


class UserSettings(Table):
    """Who can sign in with a password."""

    name: str = key(about="Name to sign in with, which services and logs are told, too.")
    password: Annotated[Secret, Reads(_read_hash, {"type": "string", "x-type": "argon2 hash"})] = (
        key(about="Its hash, as `gateway keys password` makes it.")
    )
    scopes: Texts = key((), about="What the user may do.")


class AuthSettings(Table):
    """A way to say who one is. Which keys there are depends on `kind`."""

    kind: Annotated[str, choice(*KINDS)] = key(
        about="`api-key`: a key in a field or in the query. `jwt`: a bearer token that an issuer "
        "signed. `password`: users who sign in at `/token`. `forward`: a service of yours is asked."
    )
    header: Annotated[str, FIELD_NAME] | None = key(
        None,
        about="`api-key`: the field that holds the key.",
        shown="`X-API-Key`, unless `query` is given",
    )
    scheme: Annotated[str, FIELD_NAME] | None = key(
        None,
        about="`api-key`: the word before the key, as `Bearer` in `Authorization: Bearer ...`.",
        shown="none",
    )
    query: str | None = key(
        None,
        about="`api-key`: the query parameter that holds the key.",
        why="Queries end up in logs and histories: for callers that cannot set a field.",
        shown="none",
    )
    keys: tuple[ApiKeySettings, ...] = key((), about="`api-key`: the keys.")
    issuer: str | None = key(
        None,
        about="`jwt`, `password`: what `iss` must be, byte for byte.",
        shown="**required** for `jwt`; `gateway` for `password`",
    )
    audience: Texts = key(
        (),
        about="`jwt`, `password`: one of these must be in `aud`.",
        why="A token for another service is not for us.",
        shown="**required** for `jwt`; `gateway` for `password`",
    )
    algorithms: Annotated[tuple[Annotated[str, choice(*sorted(ALGORITHMS))], ...], OneOrMany()] = (
        key(
            (),
            about="`jwt`: the only algorithms that are taken; `HS...` with `secret` only.",
            shown="`RS256`, `ES256`, `EdDSA`; with `secret`: `HS256`",
        )
    )
    jwks: Annotated[str, URL] | None = key(
        None,
        about="`jwt`: where the issuer publishes its keys. Fetched in the background, and when a "
        "token names an unknown key; kept while the issuer is down.",
        shown="none",
    )
    jwks_ca: Annotated[str, FILE] | None = key(
        None,
        about="`jwt`: PEM file of authorities that the issuer's certificate is verified by.",
        shown="the system's authorities",
    )
    public_key: Annotated[str, FILE] | None = key(
        None, about="`jwt`: PEM file of the issuer's only key, in place of `jwks`.", shown="none"
    )
    secret: SecretText | None = key(
        None,
        about="`jwt`: the secret that is shared with the issuer, in place of `jwks`. `password`: "
        "what access tokens are signed with (HS256). 32 bytes at least.",
        why="All workers, and all gateways behind one name, need the same.",
        shown="none",
    )
    leeway: Annotated[int, duration("0s", "10m")] = key(
        "30s", about="`jwt`, `password`: by how much clocks may differ."
    )
    type: Annotated[str, choice("any", "at+jwt")] = key(
        "any",
        about="`jwt`: what a token must say that it is (`typ`). `at+jwt`: an access token "
        "(RFC 9068), and nothing else.",
        why="An ID token of the same issuer is for the page that a user signed in at, not for us. "
        "Not all issuers write the type, so `aud` alone tells them apart unless you say so.",
    )
    name_claim: str = key("sub", about="`jwt`: the claim that names the caller.")
    scopes_claim: str = key(
        "scope", about="`jwt`: the claim that holds scopes: words with spaces between, or a list."
    )
    refresh: Annotated[int, duration("10s", "1d")] = key(
        "5m",
        about="`jwt`: how often the issuer's keys are fetched.",
        why="A key that the issuer withdraws serves no longer after that.",
    )
    users: tuple[UserSettings, ...] = key((), about="`password`: who can sign in.")
    lifetime: Annotated[int, duration("1s", "30d")] = key(
        "15m",
        about="`password`: how long an access token holds.",
        why="It cannot be withdrawn before.",
    )
    url: Annotated[str, URL] | None = key(
        None,
        about="`forward`: who is asked, by GET, with the request's own fields: 2xx lets it pass, "
        "401 and 403 are passed on, anything else is 503.",
        shown="none",
    )
    headers: Texts = key(
        ("Authorization", "Cookie"),
        about="`forward`: the fields of the request that the service is shown.",
    )
    credentials: Texts = key(
        ("Authorization",),
        about="`forward`: fields that upstreams are not shown, unless `forward_credentials`.",
    )
    name_header: Annotated[str, FIELD_NAME] = key(
        "X-Consumer-ID", about="`forward`: the field of its answer that names the caller."
    )
    scopes_header: Annotated[str, FIELD_NAME] = key(
        "X-Consumer-Scopes", about="`forward`: the field of its answer that holds scopes."
    )
    timeout: Timeout = key("2s", about="`forward`: until it has answered; 503 beyond.")
