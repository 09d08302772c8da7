"""What an upstream is shown so that it knows the gateway: added last, on the way to its client.

The secret stands here and nowhere else: it is in no command of the core's, no record, no
journal and no log, and it cannot reach an upstream that it is not for, since each has a
client of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from gateway_core.clock import UnixTime
from gateway_core.exchange import CallUpstream, Stage
from gateway_core.identifying import AUTHORIZATION, CONSUMER_ID, CONSUMER_SCOPES, IDENTITY_FIELDS
from gateway_core.message import Fields, UpstreamRequest, value

from ..upstream import Answer, UpstreamClient
from ..upstream.contract import Asides, Asked, BodyReader
from .signatures import sign
from .signing import Signer

TOKENS_MAX: Final = 1_000
"""Callers whose token for an upstream is kept for the next request."""


class Clock(Protocol):
    """Tells the wall-clock time."""

    def __call__(self) -> UnixTime: ...


@dataclass(slots=True)
class CallerTokens:
    """Makes signed tokens about callers, for a service that believes those alone."""

    secret: bytes = field(repr=False)
    header: bytes
    issuer: str
    audience: str
    lifetime_seconds: int
    _made: dict[tuple[bytes, bytes], tuple[UnixTime, bytes]] = field(
        default_factory=dict["tuple[bytes, bytes]", "tuple[UnixTime, bytes]"], repr=False
    )
    """By name and scopes: until when it is used, and the field's value."""

    def told(self, fields: Fields, wall: UnixTime) -> Fields:
        """Return `fields` with a token in place of the caller's name and scopes."""
        name = value(fields, CONSUMER_ID)
        rest = tuple(line for line in fields if line[0] not in IDENTITY_FIELDS)
        if name is None:
            return rest
        scopes = value(fields, CONSUMER_SCOPES) or b""
        until, told = self._made.get((name, scopes), (UnixTime(0), b""))
        # A clock that was set back makes what is kept too old for its new time: see `iat`.
        if not until - self.lifetime_seconds // 2 <= wall < until:
            told = self._new(name, scopes, wall)
            until = UnixTime(wall + self.lifetime_seconds // 2)
            if len(self._made) >= TOKENS_MAX:
                self._made.clear()
            self._made[name, scopes] = until, told
        kept = tuple(line for line in rest if line[0] != self.header)
        return (*kept, (self.header, told))

    def _new(self, name: bytes, scopes: bytes, wall: UnixTime) -> bytes:
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": name.decode("ascii"),
            "scope": scopes.decode("ascii"),
            "iat": wall,
            "exp": wall + self.lifetime_seconds,
        }
        token = sign(claims, self.secret)
        return b"Bearer " + token if self.header == AUTHORIZATION else token


@dataclass(frozen=True, slots=True)
class Badge:
    """All that one upstream is shown."""

    secret: tuple[bytes, bytes] | None = field(default=None, repr=False)
    """Name and value of a field."""
    signer: Signer | None = None
    tokens: CallerTokens | None = None

    def shown(self, request: UpstreamRequest, body: bytes | None, wall: UnixTime) -> Fields:
        """Return the fields that the upstream gets; `body` where it was held to be signed."""
        fields = request.fields
        if self.tokens is not None:
            fields = self.tokens.told(fields, wall)
        if self.signer is not None:
            fields += self.signer.signed(replace(request, fields=fields), body, wall)
        return fields if self.secret is None else (*fields, self.secret)


class PresentingClient:
    """An upstream's client that shows a badge with each request. See `UpstreamClient`."""

    __slots__ = ("_badge", "_client", "_wall")

    def __init__(self, client: UpstreamClient, badge: Badge, wall: Clock) -> None:
        self._client = client
        self._badge = badge
        self._wall = wall

    def ask(self, command: CallUpstream) -> Asked | None:
        """See `UpstreamClient.ask`."""
        request = command.request
        if request.body != 0:
            return None
        fields = self._badge.shown(request, None, self._wall())
        return self._client.ask(replace(command, request=replace(request, fields=fields)))

    async def call(
        self,
        command: CallUpstream,
        body: BodyReader,
        progress: Callable[[Stage], None],
        *,
        asides: Asides | None = None,
    ) -> Answer:
        """See `UpstreamClient.call`. A body that is to be signed is read before anything is sent."""
        signer, request = self._badge.signer, command.request
        held: bytes | None = b"" if signer is not None and request.body == 0 else None
        if signer is not None and signer.covers(request.body):
            progress(Stage.SENDING)  # while the client's body is what is waited for
            held = await _read_whole(body, request.body)
            body = _replayed(held, body)
        fields = self._badge.shown(request, held or None, self._wall())
        shown = replace(command, request=replace(request, fields=fields))
        return await self._client.call(shown, body, progress, asides=asides)

    async def aclose(self) -> None:
        """See `UpstreamClient.aclose`."""
        await self._client.aclose()


async def _read_whole(body: BodyReader, length: int) -> bytes:
    """Read a body of a told length, which the client's connection sees to."""
    pieces: list[bytes] = []
    left = length
    while left > 0 and (piece := await body()):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _replayed(held: bytes, rest: BodyReader) -> BodyReader:
    """Return a reader that gives `held` once, and then what `rest` still has."""
    pieces = [held] if held else []

    async def read() -> bytes:
        return pieces.pop() if pieces else await rest()

    return read
