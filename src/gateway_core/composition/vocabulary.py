"""What a composition is told, and what it commands."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from ..composing import Document, Flaw
from ..frozen import frozen
from ..machine import Tick
from ..message import Fields, RequestHead
from ..refusal import Refusal


class Call(NamedTuple):
    """One request of a part."""

    part: str
    item: int = 0
    """Which member of the collection it is for; 0 where there is none."""


# Events: what happened, in the past tense.
@frozen
class Begun:
    """A request was admitted, and is to be answered by composition."""

    head: RequestHead
    params: Mapping[str, bytes]
    """What the route's path bound, still percent-encoded."""
    client: str
    """Its address."""
    request_id: str
    consumer: str = ""
    """Who asks, by name, as a credential proved it."""
    claims: Mapping[str, Document] | None = None
    """What their token says of them."""
    body: Document = None
    """The client's own document, where the plan refers to it."""


@frozen
class PartAnswered:
    """The upstream's answer to `call` is here, whole."""

    call: Call
    status: int
    content: Document | Flaw = None
    """Its body; what does not matter, where the status is not of the 2xx."""
    size: int = 0
    """Bytes of the body."""


@frozen
class PartFailed:
    """The gateway itself ended `call`: no endpoint, a breaker, a time-out, a broken answer."""

    call: Call
    status: int
    """What the gateway would answer to the request alone: 502, 503, 504."""
    reason: str
    """As in the log: "upstream-refused"."""
    fields: Fields = ()
    """Retry-After and Proxy-Status, where it would say them."""


class Abandoned(NamedTuple):
    """Nobody waits for the answer any more: the client left, or the worker goes down."""


Event: TypeAlias = Begun | PartAnswered | PartFailed | Abandoned | Tick


# Commands: what to do, in the imperative.
@frozen
class AskPart:
    """Ask a part's upstream, beside all that is being asked. Ends in PartAnswered or PartFailed."""

    call: Call
    head: RequestHead
    """As if a client had sent it, so that an exchange of its own carries it out."""
    body: bytes = b""


@frozen
class DropPart:
    """Cancel what AskPart began; nothing more is heard of it."""

    call: Call


@frozen
class Answer:
    """A composed answer."""

    status: int
    fields: Fields
    body: bytes
    reason: str = ""
    """Why it is not what was wished for; "" where it is."""


@frozen
class Give:
    """Answer the client. Ends the composition."""

    outcome: Answer | Refusal


Command: TypeAlias = AskPart | DropPart | Give
