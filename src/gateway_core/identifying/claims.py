"""What a token must claim before its signature is worth a look, and whom it names.

Source: RFC 7519, section 4.1; RFC 8725, sections 3.8 to 3.10; RFC 9068, section 4.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..clock import UnixTime
from ..errors import ConfigError
from .caller import Caller, are_scopes, is_name
from .tokens import Object, Token, is_list

LEEWAY_SECONDS: Final = 30
"""By which clocks of ours and of issuers may differ: those that are kept differ by far less."""
LEEWAY_SECONDS_MAX: Final = 600

ALGORITHMS: Final = frozenset(
    {
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
        "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
    }
)  # fmt: skip
"""That may be allowed at all (RFC 7518, 3.1; RFC 8037, 3.1). `none` is no algorithm."""

_NUMBERS: Final = (int, float)


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What an operator asks of tokens. ConfigError for rules that no token could obey."""

    issuer: str
    audiences: frozenset[str]
    """Of these one must be among the token's."""
    algorithms: frozenset[str]
    leeway_seconds: int = LEEWAY_SECONDS
    name_claim: str = "sub"
    """The claim whose text names the caller."""
    scopes_claim: str = "scope"
    """The claim that holds scopes: words with spaces between, or a list."""
    type: str = ""
    """What a token must say that it is: "at+jwt" (RFC 9068, 4); "" for whatever it says."""
    kept_claims: frozenset[str] = frozenset()
    """Those that the caller is remembered with, since a route says something of them."""

    def __post_init__(self) -> None:
        if not self.issuer:
            raise ConfigError("issuer", "must not be empty")
        if not self.audiences:
            raise ConfigError("audience", "must not be empty: a token for others is not for us")
        for algorithm in sorted(self.algorithms):
            if algorithm not in ALGORITHMS:
                raise ConfigError("algorithms", f"{algorithm!r} is not supported")
        if not self.algorithms:
            raise ConfigError("algorithms", "must not be empty")
        if not 0 <= self.leeway_seconds <= LEEWAY_SECONDS_MAX:
            raise ConfigError("leeway", f"must be from 0 to {LEEWAY_SECONDS_MAX} seconds")


class Claimed(NamedTuple):
    """Whom a token names, if its signature holds, and when."""

    caller: Caller
    since: float
    """Wall-clock seconds, leeway included."""
    until: float
    """The first second at which it does not hold any more, leeway included."""

    def holds(self, wall: UnixTime) -> bool:
        """Whether the token is valid at that time."""
        return self.since <= wall < self.until


def judge(token: Token, rules: TokenRules, wall: UnixTime) -> Claimed | str:
    """Return what `token` claims, or why it is refused: for the log, never for the client."""
    claims = token.claims
    if token.algorithm not in rules.algorithms:
        return "token-algorithm"
    if rules.type and token.type != rules.type:
        return "token-type"
    if claims.get("iss") != rules.issuer:
        return "token-issuer"
    if rules.audiences.isdisjoint(_words(claims.get("aud"), split=False) or ()):
        return "token-audience"
    expires, not_before = _time(claims, "exp"), _time(claims, "nbf")
    if expires is None or not_before is None or not -math.inf < expires < math.inf:
        return "token-times"
    caller = _caller(claims, rules)
    if caller is None:
        return "token-names-nobody"
    leeway = rules.leeway_seconds
    claimed = Claimed(caller, not_before - leeway, expires + leeway)
    if wall >= claimed.until:
        return "token-expired"
    return claimed if wall >= claimed.since else "token-not-yet-valid"


def _time(claims: Object, name: str) -> float | None:
    """Return a NumericDate; minus infinity where there is none, None where it is no number."""
    value = claims.get(name, -math.inf)
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    return value


def _caller(claims: Object, rules: TokenRules) -> Caller | None:
    name = claims.get(rules.name_claim)
    scopes = _words(claims.get(rules.scopes_claim, ""), split=True)
    if not isinstance(name, str) or not is_name(name) or scopes is None:
        return None
    granted = frozenset(scopes)
    if not are_scopes(granted):
        return None
    kept = {claim: claims[claim] for claim in rules.kept_claims if claim in claims}
    return Caller(name, granted, claims=kept)


def _words(value: object, *, split: bool) -> list[str] | None:
    """Return a claim that is one text or a list of texts; None for anything else."""
    if isinstance(value, str):
        return [word for word in value.split(" ") if word] if split else [value]
    if not is_list(value):
        return None
    words = [word for word in value if isinstance(word, str)]
    return words if len(words) == len(value) else None
