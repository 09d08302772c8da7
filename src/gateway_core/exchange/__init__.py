"""One HTTP request and its answer: the machine, what it is told, what it commands."""

from .admission import Admission, admit
from .exchange import CLIENT_LEFT, MOVES, Exchange, Phase
from .policies import Policies
from .record import Record
from .refusals import too_large, upstream_failed
from .upgrading import refuse_upgrade
from .vocabulary import (
    Abandoned,
    BodyEnded,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    Cut,
    Event,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    RequestBodySent,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    Stage,
    StreamBody,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
)

__all__ = [
    "CLIENT_LEFT",
    "MOVES",
    "Abandoned",
    "Admission",
    "BodyEnded",
    "CallProgressed",
    "CallUpstream",
    "ClientLeft",
    "Command",
    "Cut",
    "Event",
    "Exchange",
    "Phase",
    "Policies",
    "Record",
    "RequestArrived",
    "RequestBodyBroke",
    "RequestBodyRead",
    "RequestBodySent",
    "Respond",
    "ResponseBodyRead",
    "ResponseBodySent",
    "Stage",
    "StreamBody",
    "UpstreamAnswered",
    "UpstreamBroke",
    "UpstreamFailed",
    "admit",
    "refuse_upgrade",
    "too_large",
    "upstream_failed",
]
