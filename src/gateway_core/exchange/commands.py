"""What an exchange commands, in the imperative: what to do.

A command's docstring names the events in which it can end: `vocabulary`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from ..caching import BodyId
from ..clock import Duration
from ..composing import Document
from ..frozen import frozen
from ..identifying import Token
from ..message import Fields, RequestHead, ResponseHead, UpstreamRequest
from ..upstream import Endpoint, Upstream
from .storage import AwaitFlight, KeepBody, Refresh, SendStored


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
    """Make `call` beside the one in flight. Part of a CallUpstream: whichever is answered ends it.

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
    told: Fields = ()
    """What services are told of the caller, by the gateway and nobody else."""
    claims: Mapping[str, Document] | None = None
    """What the caller's token says of them."""
    body: Document = None
    """The client's own document, where the plan refers to it."""


@frozen
class Respond:
    """Answer the client from here, without an upstream. Ends the exchange."""

    head: ResponseHead
    body: bytes
    close: bool
    """Whether the client's connection is unusable from then on."""
    coding: str = ""
    """The content coding to give `body` in; "": as it is."""


@frozen
class StreamBody:
    """Send `head`, and the upstream's body behind it. Ends in BodyEnded or UpstreamBroke.

    Meanwhile tell ResponseBodyRead and ResponseBodySent in turn; consult upon
    ResponseTrailersRead.
    """

    head: ResponseHead
    coding: str = ""
    """The content coding to give the body in; "": as it comes."""


@frozen
class ReadRequest:
    """Read the client's body whole, as a document. Ends in DocumentRead.

    Meanwhile tell RequestBodyRead and RequestBodySent in turn.
    """

    bytes_max: int


@frozen
class ReadDocument:
    """Read the answer's body whole, as a document. Ends in DocumentRead or UpstreamBroke.

    What was read is held until the next command, which may send it as it came.
    """

    bytes_max: int
    stored: BodyId | None = None
    """Which stored body it is; None: the upstream's answer."""


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
    | ReadRequest
    | ReadDocument
    | Inform
    | PassTrailers
    | SwitchProtocols
    | Cut
    | AwaitFlight
    | KeepBody
    | SendStored
    | Refresh
)

AWAITED: Final = frozenset(
    {
        VerifyToken,
        AskAuthority,
        CallUpstream,
        Compose,
        StreamBody,
        ReadRequest,
        ReadDocument,
        SwitchProtocols,
        AwaitFlight,
        SendStored,
    }
)
"""Those that end in an event: an exchange waits for one at a time, and commands it last."""
