"""What an exchange's dealings with the cache come to: see `reuse`."""

from typing import Final, NamedTuple, TypeAlias

from ..caching.entry import Entry
from ..coalescing import Flight
from ..errors import FailureKind
from ..refusal import Refusal

NOT_CACHED: Final = Refusal(
    504, "not-cached", "The request asks for a stored answer only, and none may be used."
)


class Serve(NamedTuple):
    """Answer from `entry`."""

    entry: Entry
    age: int
    refresh: Flight | None = None
    """Led, for the background: the fetch of a newer one, which is to go on in the background."""


class Await(NamedTuple):
    """Look again once `flight` has landed."""

    flight: Flight


class Ask(NamedTuple):
    """Ask the upstream."""


class Deny(NamedTuple):
    """Refuse."""

    refusal: Refusal


class Failed(NamedTuple):
    """The upstream failed, for another and so for this one."""

    kind: FailureKind


class Keep(NamedTuple):
    """Store the upstream's answer, and answer from `entry` while it comes."""

    entry: Entry


class PassOn(NamedTuple):
    """Let the upstream's answer go to this client alone."""


Looked: TypeAlias = Serve | Await | Ask | Deny | Failed
Judged: TypeAlias = PassOn | Keep | Serve | Ask
ASK: Final = Ask()
PASS_ON: Final = PassOn()
