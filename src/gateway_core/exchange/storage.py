"""What an exchange and whoever keeps stored bodies say to each other.

A part of the exchange's vocabulary: see there for its manners.
"""

from typing import NamedTuple

from ..caching import BodyId
from ..clock import Duration
from ..coalescing import FlightId
from ..frozen import frozen
from ..message import ResponseHead


# Events: what happened, in the past tense.
class FlightLanded(NamedTuple):
    """What another exchange fetched is here, or will not come."""


class RefreshStarted(NamedTuple):
    """Told first to an exchange without a client: fetch what is newer than what is stored."""


# Commands: what to do, in the imperative.
class AwaitFlight(NamedTuple):
    """Wait until the flight has landed. Ends in FlightLanded."""

    flight: FlightId


class KeepBody(NamedTuple):
    """Take the upstream's answer over, and read its body in under this name, whoever reads it.

    Ends in nothing: it goes on when the exchange is over. The store is told how it ends.
    """

    body: BodyId
    length_max: int
    """Bytes; a longer one is not kept, and only passes through to those who read it."""
    idle_timeout: Duration


@frozen
class SendStored:
    """Send `head`, and bytes of a stored body behind it. Ends in BodyEnded or UpstreamBroke.

    Meanwhile tell ResponseBodyRead and ResponseBodySent in turn. An answer of the upstream's
    that is still open is let go of.
    """

    head: ResponseHead
    body: BodyId
    start: int
    end: int
    """UNKNOWN: to its end."""
    coding: str = ""
    """The content coding to give them in; "": as they are stored."""


@frozen
class Refresh:
    """Drive `exchange`, which is an Exchange without a client, beside this one. Ends in nothing.

    It is told RefreshStarted first.
    """

    exchange: object
