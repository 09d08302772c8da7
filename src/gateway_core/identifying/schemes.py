"""The ways in which a caller can say who it is, as an operator named them.

ApiKeys     a key, known by its digest: judged here, at once
Tokens      a signed token: its claims are judged here, its signature outside
Authority   whatever a service of the operator's makes of the request: asked outside
"""

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from ..clock import UnixTime
from ..message import RequestHead
from .api_keys import KeyRing
from .caller import Caller
from .claims import Claimed, TokenRules, judge
from .places import AUTHORIZATION, BEARER, Field, Place
from .remembering import VerifiedTokens
from .tokens import Token, read_token


class Unproven(NamedTuple):
    """A token whose claims are as they must be, and whose signature is still to be checked."""

    scheme: "Tokens"
    token: Token
    claimed: Claimed
    generation: int
    """Of the keys when it was looked at."""


class Unvouched(NamedTuple):
    """A request of which a service outside must say whose it is."""

    scheme: "Authority"
    head: RequestHead


Judged: TypeAlias = Caller | Unproven | str
"""Whose a credential is, or what must be asked first, or why it is refused, for the log."""


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """Takes keys."""

    name: str
    ring: KeyRing
    places: tuple[Place, ...] = (Field(b"x-api-key"),)

    @property
    def challenge(self) -> str:
        """What WWW-Authenticate tells of it. No registered scheme means an API key."""
        return f'ApiKey realm="{self.name}"'

    def judge(self, credential: bytes, wall: UnixTime) -> Judged:
        """Return whose the key is."""
        return self.ring.find(credential, wall)


@dataclass(slots=True)
class Tokens:
    """Takes bearer tokens (RFC 6750)."""

    name: str
    rules: TokenRules
    verified: VerifiedTokens = field(default_factory=VerifiedTokens)
    places: tuple[Place, ...] = (Field(AUTHORIZATION, BEARER),)

    @property
    def challenge(self) -> str:
        """What WWW-Authenticate tells of it (RFC 6750, 3)."""
        return f'Bearer realm="{self.name}"'

    def judge(self, credential: bytes, wall: UnixTime) -> Judged:
        """Return whose the token is, if it was verified before; else what is to be verified."""
        known = self.verified.recall(credential, wall)
        if known is not None:
            return known
        token = read_token(credential)
        if isinstance(token, str):
            return token
        claimed = judge(token, self.rules, wall)
        if isinstance(claimed, str):
            return claimed
        return Unproven(self, token, claimed, self.verified.generation)


@dataclass(frozen=True, slots=True)
class Authority:
    """Asks a service, which sees the request's head and names the caller."""

    name: str
    drops: frozenset[bytes] = frozenset({AUTHORIZATION})
    """Lower-case names of fields that bear credentials: they end at the gateway."""

    @property
    def challenge(self) -> str:
        """What WWW-Authenticate tells where the service itself tells nothing."""
        return f'Bearer realm="{self.name}"'


Scheme: TypeAlias = ApiKeys | Tokens | Authority
