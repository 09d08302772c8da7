"""Why no endpoint of an upstream may be called now."""

import enum

from ..clock import SECOND, Duration
from ..frozen import frozen


class Lack(enum.Enum):
    """What is lacking; the value is the reason that logs and clients are told."""

    BREAKER_OPEN = "breaker-open"
    """Every endpoint's breaker refuses."""
    NO_ENDPOINT = "no-endpoint"
    """None is well."""
    OVERLOAD = "overload"
    """The service has as many calls as it bears."""


@frozen
class Unavailable:
    """No endpoint may be called."""

    lack: Lack
    retry_after: Duration = Duration(SECOND)
    """When it may be otherwise: the time to half-open, where that is known."""
