"""What an exchange is told, and what it commands.

Events are in the past tense: what happened. Commands are in the imperative:
what to do; a command's docstring names the events in which it can end.
"""

import enum
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from ..clock import Duration, UnixTime
from ..errors import FailureKind
from ..frozen import frozen
from ..identifying import Token
from ..machine import Tick
from ..message import Fields, RequestHead, ResponseHead, UpstreamRequest
from ..refusal import Refusal
from ..upstream import Endpoint, Upstream

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


class BodyEnded(NamedTuple):
    """The client has the whole answer."""

    size: int = 0
    """Bytes of its body that were not told before: all of it, where it went in one piece."""


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
    | Composed
    | NotComposed
    | UpstreamBroke
    | RequestBodyBroke
    | RelayEnded
    | ClientLeft
    | Abandoned
    | Tick
)


# Commands: what to do, in the imperative.
@frozen
class VerifyToken:
    """Check the signature of `token` by the keys of the scheme's issuer.

    Ends in InquiryEnded: TokenVerified, TokenRefused or IdentityUnavailable.
    """

    scheme: str
    """Its name in the configuration."""
    token: Token


@frozen
class AskAuthority:
    """Ask the scheme's service whose request this is.

    Ends in InquiryEnded: CallerNamed, CallerDenied or IdentityUnavailable.
    """

    scheme: str
    head: RequestHead


@frozen
class CallUpstream:
    """Send `request` to `endpoint`. Ends in UpstreamAnswered or UpstreamFailed.

    Meanwhile tell CallProgressed, and RequestBodyRead and RequestBodySent in turn; consult
    upon UpstreamInformed and RequestTrailersRead.
    """

    upstream: Upstream
    endpoint: Endpoint
    request: UpstreamRequest
    upgrade: bool = False
    """Whether 101 is a final answer, behind which the connection is the caller's."""
    keep: int = 0
    """Bytes of the request's body to hold on to, from its first one, for a further CallUpstream."""
    hedge_after: Duration | None = None
    """When to ask HedgeDue, if there is no answer yet."""


@frozen
class CallBeside:
    """Make `call` beside the one in flight; whichever is answered well ends CallUpstream.

    An answer whose status is in `unwelcome` does not while the other call goes on: it is let
    go of, and told as CallLost, as is a failure.
    """

    call: CallUpstream
    unwelcome: frozenset[int]


class DropCall(NamedTuple):
    """End the call in flight, or let go of its answer. Ends in nothing: a Tick follows."""


@frozen
class Compose:
    """Answer by the composition of `route`. Ends in Composed or NotComposed."""

    route: str
    head: RequestHead
    params: Mapping[str, bytes]
    """What the route's path bound, still percent-encoded."""
    client: str
    """Its address."""
    request_id: str
    consumer: str = ""


@frozen
class Respond:
    """Answer the client from here, without an upstream. Ends the exchange."""

    head: ResponseHead
    body: bytes
    close: bool
    """Whether the client's connection is unusable from then on."""


@frozen
class StreamBody:
    """Send `head`, and the upstream's body behind it. Ends in BodyEnded or UpstreamBroke.

    Meanwhile tell ResponseBodyRead and ResponseBodySent in turn; consult upon
    ResponseTrailersRead.
    """

    head: ResponseHead


@frozen
class Inform:
    """Send the client an interim answer; tell InterimSent. Part of a CallUpstream."""

    head: ResponseHead


@frozen
class PassTrailers:
    """Let these trail the body that has ended. Part of a CallUpstream, or of a StreamBody."""

    trailers: Fields


@frozen
class SwitchProtocols:
    """Send `head`, and relay between both connections what comes next. Ends in RelayEnded."""

    head: ResponseHead
    deflated: bool
    """Whether permessage-deflate was agreed on."""
    subprotocol: bytes
    """b"" for none. It stands in `head`, too."""


@frozen
class Cut:
    """End the client's transfer so that it cannot pass for complete. Ends the exchange."""


Command: TypeAlias = (
    VerifyToken
    | AskAuthority
    | CallUpstream
    | Compose
    | CallBeside
    | DropCall
    | Respond
    | StreamBody
    | Inform
    | PassTrailers
    | SwitchProtocols
    | Cut
)
