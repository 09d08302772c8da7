"""`websocket` of a route: how its WebSockets are held, and who may open them."""

import re
from typing import Annotated, Final, TypeAlias

from .keys import OneOrMany, Reads, Table, choice, key, wrong
from .limits import RateText
from .values import Pause, Timeout, size

_ORIGIN: Final = re.compile(
    r"null|[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
"""As browsers write it (RFC 6454, 6.2): a scheme, a host, a port if it is not the scheme's own."""
_ORIGIN_CURE: Final = (
    'write it as browsers do: "https://app.example", with a port if it has one, no path'
)


def _read_origin(value: object) -> str:
    if not isinstance(value, str) or not _ORIGIN.fullmatch(value.lower()):
        raise wrong("is no origin", _ORIGIN_CURE)
    return str(value).lower()


Origin: TypeAlias = Annotated[str, Reads(_read_origin, {"type": "string", "x-type": "origin"})]


class WebSocketSettings(Table):
    """WebSockets of a route. Without it they are relayed, too, with the defaults below."""

    max_message: Annotated[int, size("1KiB", "1TiB")] = key(
        "16MiB",
        about='Bytes of one message; 1009 beyond. With `protocol = "own"` they are counted as '
        "they are on the wire, compressed or not, else inflated.",
        why="Messages stream where frames are relayed, so this protects the services behind.",
    )
    messages: RateText | None = key(
        None,
        about="How fast a client may send messages and pings: so many at once, and so many in "
        "every such time in the long run.",
        shown="no bound",
        why="What is fast depends on what is said.",
    )
    too_fast: Annotated[str, choice("close", "wait")] = key(
        "close",
        about="`close`: a client that is faster is sent away with 1008. `wait`: it is read no "
        "faster.",
        why="Who is sent away knows why; who waits may never notice.",
    )
    origins: Annotated[tuple[Origin, ...], OneOrMany()] = key(
        (),
        about="Origins whose pages may connect; 403 to others. A client that names no origin is "
        "no page, and may.",
        shown="every origin",
        why="Browsers let any page connect, with the user's cookies, and leave it to us to refuse.",
    )
    idle_timeout: Timeout = key(
        "5m",
        about="Without a frame either way, pings of both ends included and those of the gateway "
        "not; then 1001.",
        why="Forgotten sockets hold a descriptor on three machines.",
    )
    ping_interval: Timeout = key(
        "30s",
        about="A side that was silent for so long is sent a ping; silent as long again, it is "
        "taken for lost.",
        why="Half of the minute after which balancers and NATs forget a silent connection.",
    )
    close_timeout: Timeout = key(
        "5s",
        about="From the first Close to the end of both connections.",
        why="Whoever is alive answers a Close in a round trip.",
    )
    grace: Pause = key(
        "2s",
        about="After SIGTERM: how long a socket goes on at least; it is closed with 1001 at a "
        "moment of its own within as long again, and in time for `drain_timeout`.",
        why="Clients that come back at once would else all come back at once.",
    )
