"""What a relay is told, beside what its readers of frames tell, and what it commands."""

from typing import Final, NamedTuple, TypeAlias

from ..frames import (
    CLIENT,
    GOING_AWAY,
    INTERNAL,
    POLICY,
    UPSTREAM,
    Close,
    CloseCame,
    FramesCame,
    PongCame,
    Side,
    StreamBroke,
)
from ..machine import Tick

# What we close with ourselves.
IDLE: Final = Close(GOING_AWAY, "idle")
ABANDONED: Final = Close(GOING_AWAY, "the gateway ends")
TOO_FAST: Final = Close(POLICY, "too many messages")
ON_BEHALF: Final = {
    CLIENT: Close(GOING_AWAY, "the client is gone"),
    UPSTREAM: Close(INTERNAL, "the upstream is gone"),
}
"""What the other side is told of one that was lost, or that broke the rules."""


# Events: what happened, in the past tense.
class SideLost(NamedTuple):
    """The source's transport ended or broke, or took nothing for too long."""

    source: Side


class Stalled(NamedTuple):
    """The target does not take at once what it is sent: whoever sends it is not read meanwhile."""

    target: Side


class Flowed(NamedTuple):
    """The target, once stalled, has taken all of it."""

    target: Side


class EndAsked(NamedTuple):
    """The operator wants the socket closed: a drain, or a route that is gone."""

    close: Close
    wait: int
    """Nanoseconds of grace."""


class Abandoned(NamedTuple):
    """The driver itself was cancelled. What is commanded now is tried once, and not waited for."""


Event: TypeAlias = (
    FramesCame
    | PongCame
    | CloseCame
    | StreamBroke
    | SideLost
    | Stalled
    | Flowed
    | EndAsked
    | Abandoned
    | Tick
)


# Commands: what to do, in the imperative. None waits for an event.
class Pass(NamedTuple):
    """Send on what the source's last FramesCame or PongCame told of.

    Each of those ends in Pass or in Drop, at once or later; until then, and until it is sent,
    the source is not read.
    """

    source: Side


class Drop(NamedTuple):
    """Do not send it on."""

    source: Side


class Finish(NamedTuple):
    """Of what the source sends, take the rest of the frame that was begun, pongs and its Close."""

    source: Side


class SendClose(NamedTuple):
    """The last that the target is sent. It stands at the end of a frame by now."""

    target: Side
    close: Close


class SendPing(NamedTuple):
    """Send a ping of ours, at the end of a frame."""

    target: Side
    payload: bytes


class HangUp(NamedTuple):
    """End the target's transport; what it still says is not heard."""

    target: Side
    cut: bool
    """Whether at once, and so that it shows; else once all that was sent is out."""


Command: TypeAlias = Pass | Drop | Finish | SendClose | SendPing | HangUp


class Outcome(NamedTuple):
    """What a relay leaves behind for the log. Counts are of what was passed on."""

    messages_in: int
    """From the client."""
    messages_out: int
    bytes_in: int
    """Payload of messages, as it was on the wire."""
    bytes_out: int
    closed_by: str
    """Who began to close: "client", "upstream" or "gateway"."""
    code: int
    """With what: the close code, 1006 for a transport that ended without one."""
    client_code: int
    """What the client closed with, 1006 if it was lost, 0 if it was sent away."""
    upstream_code: int
