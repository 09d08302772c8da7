"""What trails a body, on its way to the other side (RFC 9110, section 6.5)."""

from collections.abc import Sequence

from ..forwarding import ForwardingPlan, forward_request_trailers, forward_response_trailers
from ..message import Fields
from .commands import (
    PassTrailers,
)
from .vocabulary import (
    RequestTrailersRead,
    ResponseTrailersRead,
)


def pass_trailers(
    event: RequestTrailersRead | ResponseTrailersRead,
    plan: ForwardingPlan,
    asked: Fields,
    answered: Fields | None,
    drop: frozenset[bytes] = frozenset(),
) -> Sequence[PassTrailers]:
    """Return the command that passes on what may pass, if anything may.

    `asked` and `answered` are the fields of the two heads; None: the client takes no trailers.
    `drop` are names that this message's head was not to bear, either.
    """
    if isinstance(event, RequestTrailersRead):
        passing = forward_request_trailers(event.trailers, asked, plan, drop)
    elif answered is not None:
        passing = forward_response_trailers(event.trailers, answered, plan, drop)
    else:
        passing = ()
    return (PassTrailers(passing),) if passing else ()
