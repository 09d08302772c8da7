"""What an exchange is told, in the past tense: what happened. What it commands: `commands`."""

import enum
from typing import Final, NamedTuple, TypeAlias

from ..clock import UnixTime
from ..composing import Document, Flaw
from ..errors import FailureKind
from ..frozen import frozen
from ..machine import Tick
from ..message import Fields, RequestHead, ResponseHead
from ..refusal import Refusal
from .storage import FlightLanded, RefreshStarted

TOO_LATE: Final = UnixTime(2**62)
"""The wall-clock time where nobody told it: whatever can expire has expired."""


# Events: what happened, in the past tense. What is "consulted upon" is met in the middle of a
# command; what the machine says to it is performed there, as a part of that command.
@frozen
class RequestArrived:
    """A client's request head is complete."""

    head: RequestHead
    fresh_id: str
    """An unguessable id, used where the client sent no sane one."""
    wall: UnixTime = TOO_LATE
    """When it arrived, by the clock on the wall: keys and tokens expire by it."""
    upgrade: bool = False
    """Whether it is the handshake of a WebSocket."""
    part: str = ""
    """The route, where it is the gateway that asks, for the sake of a composition."""
    consumer: str = ""
    """Who asked for the whole, then: what is stored for one is no other's business."""
    told: Fields = ()
    """What services are told of whoever asked for the whole."""


class TokenVerified(NamedTuple):
    """The token's signature holds."""


class TokenRefused(NamedTuple):
    """The token's signature does not hold, or no key of its issuer's can have made it."""

    note: str
    """Why, for the log."""


@frozen
class CallerNamed:
    """The authority vouches for the caller."""

    name: str
    scopes: tuple[str, ...]


@frozen
class CallerDenied:
    """The authority refuses the caller, by 401 or 403."""

    status: int
    challenges: Fields


class IdentityUnavailable(NamedTuple):
    """Nobody can tell at the moment: the authority or the issuer does not answer."""

    note: str
    """Why, for the log."""


IdentityTold: TypeAlias = (
    TokenVerified | TokenRefused | CallerNamed | CallerDenied | IdentityUnavailable
)


class InquiryEnded(NamedTuple):
    """What was asked about the caller is known, or cannot be."""

    told: IdentityTold


class Stage(enum.Enum):
    """How far a call to an upstream is, before its answer."""

    __hash__ = object.__hash__  # Enum's own is slow, and each call looks one up

    QUEUED = "queued"
    """Every connection to the endpoint is taken: the call waits its turn."""
    CONNECTING = "connecting"
    SENDING = "sending"
    """The head is on its way, or written; the body follows."""
    SENT = "sent"
    """The request is written whole."""


class CallProgressed(NamedTuple):
    stage: Stage
    hedge: bool = False
    """Whether of the call beside the first one."""


class RequestBodyRead(NamedTuple):
    """The client gave `size` bytes; the upstream is to take them."""

    size: int


class RequestBodySent(NamedTuple):
    """The upstream took all there was; the client is to give more."""


@frozen
class UpstreamInformed:
    """An interim answer is here (RFC 9110, 15.2): 1xx, but 100 and 101. Consulted upon."""

    head: ResponseHead


class InterimSent(NamedTuple):
    """The client took the interim answer that it was sent."""


@frozen
class UpstreamAnswered:
    """The final head of the upstream's answer is here."""

    head: ResponseHead
    asked_at: UnixTime
    """RFC 9111, 4.2.3: request_time."""
    answered_at: UnixTime
    """RFC 9111, 4.2.3: response_time."""
    hedge: bool = False
    """Whether the call beside the first one was answered; the other is cancelled then."""


@frozen
class UpstreamFailed:
    """The call ended without the head of an answer."""

    kind: FailureKind


class HedgeDue(NamedTuple):
    """The answer has been awaited for `hedge_after`. Whoever tells it performs what comes back."""


class CallLost(NamedTuple):
    """Of two calls in flight one ended without an answer that is good enough."""

    hedge: bool
    """Whether it is the call beside the first one."""
    kind: FailureKind | None
    """How it failed; None where it was answered."""
    status: int = 0


class ResponseBodyRead(NamedTuple):
    """The upstream gave `size` bytes; the client is to take them."""

    size: int


class ResponseBodySent(NamedTuple):
    """The client took all there was; the upstream is to give more."""


@frozen
class RequestTrailersRead:
    """These trail the client's body, which has ended. Consulted upon."""

    trailers: Fields


@frozen
class ResponseTrailersRead:
    """These trail the upstream's answer, whose body has ended. Consulted upon."""

    trailers: Fields


@frozen
class BodyEnded:
    """The client has the whole answer."""

    size: int = 0
    """Bytes of its body that were not told before: all of it, where it went in one piece."""


@frozen
class DocumentRead:
    """The body of an answer, or of the request, is here, whole, or is of no use."""

    content: Document | Flaw
    size: int
    """Bytes that were read."""


@frozen
class Composed:
    """An answer was composed."""

    status: int
    fields: Fields
    body: bytes
    reason: str = ""
    """Why it is not what was wished for; "" where it is."""


@frozen
class NotComposed:
    """No answer could be composed; `refusal` says why."""

    refusal: Refusal


class UpstreamBroke(NamedTuple):
    """The upstream died, or broke the protocol, in the middle of its answer."""

    kind: FailureKind


class RequestBodyBroke(NamedTuple):
    """The client's body was malformed after its head was accepted."""


@frozen
class RelayEnded:
    """A WebSocket is over, both ways."""

    messages_in: int
    """From the client."""
    messages_out: int
    bytes_in: int
    """Of messages, as they were on the wire."""
    bytes_out: int
    closed_by: str
    """Who began to close: "client", "upstream" or "gateway"."""
    code: int
    """With what: the close code, 1006 for a transport that ended without one."""
    client_code: int
    """What the client closed with, 1006 if it was lost, 0 if it was sent away."""
    upstream_code: int


class ClientLeft(NamedTuple):
    """The client closed its side before it had the whole answer."""


class Abandoned(NamedTuple):
    """The driver itself was cancelled: the worker is going down."""


Event: TypeAlias = (
    RequestArrived
    | InquiryEnded
    | RefreshStarted
    | FlightLanded
    | CallProgressed
    | RequestBodyRead
    | RequestBodySent
    | RequestTrailersRead
    | UpstreamInformed
    | InterimSent
    | UpstreamAnswered
    | UpstreamFailed
    | HedgeDue
    | CallLost
    | ResponseBodyRead
    | ResponseBodySent
    | ResponseTrailersRead
    | BodyEnded
    | DocumentRead
    | Composed
    | NotComposed
    | UpstreamBroke
    | RequestBodyBroke
    | RelayEnded
    | ClientLeft
    | Abandoned
    | Tick
)
