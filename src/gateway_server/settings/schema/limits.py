"""`[limits.NAME]`: how many requests of whom pass in what time."""

import re
from typing import Annotated, Final, TypeAlias

from gateway_core.errors import ConfigError
from gateway_core.limiting import KEYS_MAX, QUOTA_MAX, KeyPart, Rate, key_part

from ..environment import Substituted
from .keys import SWITCH, OneOrMany, Reads, Table, choice, key, whole, wrong
from .values import TIME_UNITS, duration, parse_duration

_RATE: Final = re.compile(r"([0-9]{1,18}) ?/ ?(.{1,40})")
_RATE_CURE: Final = 'write requests, a slash and a time: "10/60s", "100/s", "5000/1h"'
_SPOKEN: Final = {
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "min": "m",
    "minute": "m",
    "minutes": "m",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
}


def parse_rate(text: str) -> Rate | None:
    """Return what "10/60s" or "100/s" stands for; None if it is no rate.

    ConfigError for a rate that no limiter can keep to.
    """
    found = _RATE.fullmatch(text)
    if found is None:
        return None
    window = parse_duration(f"1{found[2]}" if found[2] in TIME_UNITS else found[2])
    return None if window is None else Rate(int(found[1]), window)


def _read_rate(value: object) -> Rate:
    try:
        rate = parse_rate(value) if isinstance(value, str) else None
    except ConfigError as error:
        what = {"quota": "the number of requests", "window": "the time"}[error.path]
        raise wrong(f"{what} {error.problem}", _RATE_CURE) from None
    if rate is None:
        raise wrong("is no rate", _rate_cure(value))
    return rate


def _rate_cure(value: object) -> str:
    """Return what was probably meant."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= QUOTA_MAX:
        return f'in what time? "{value}/1s", "{value}/1m"'
    if isinstance(value, str) and not isinstance(value, Substituted):
        if found := re.fullmatch(r"([0-9]{1,7}) ?(?:/|per) ?([0-9]{1,7})", value[:40]):
            return f'the time needs a unit: "{found[1]}/{found[2]}s"'
        found = re.fullmatch(r"([0-9]{1,7}) ?(?:/|per) ?([0-9]{0,7}) ?([a-z]+)", value[:40])
        if found and found[3] in _SPOKEN:
            return f'write "{found[1]}/{found[2] or 1}{_SPOKEN[found[3]]}"'
    return _RATE_CURE


def _read_key(value: object) -> KeyPart:
    try:
        return key_part(value if isinstance(value, str) else "")
    except ConfigError:
        cure = 'write "client", "consumer", "route" or "header:NAME", or a list of these'
        raise wrong("is no key", cure) from None


RateText: TypeAlias = Annotated[
    Rate,
    Reads(
        _read_rate,
        {
            "type": "string",
            "pattern": rf"^[0-9]{{1,18}} ?/ ?[0-9.]* ?({'|'.join(TIME_UNITS)})$|\$\{{",
            "x-type": 'requests and a time, "10/60s"',
        },
    ),
]
KeyName: TypeAlias = Annotated[
    KeyPart,
    Reads(
        _read_key,
        {"type": "string", "x-type": "`client`, `consumer`, `route` or `header:NAME`"},
    ),
]


class LimitSettings(Table):
    """A budget of requests for each key. Routes that name the same limit share its budgets."""

    rate: RateText | None = key(
        None,
        about='So many requests in so long: `"10/60s"`. Either `rate` or `concurrent`.',
        shown="none",
    )
    concurrent: Annotated[int, whole(1, QUOTA_MAX)] | None = key(
        None, about="So many requests at once. Either `rate` or `concurrent`.", shown="none"
    )
    algorithm: Annotated[str, choice("sliding-window", "gcra", "fixed-window")] = key(
        "sliding-window",
        about="`sliding-window`: in any time of that length at most so many, exactly. `gcra`: "
        "spread evenly, with `burst` at once; the least memory. `fixed-window`: at most so many "
        "in a window, at most twice that across two.",
        why="The exact one promises what its rate says. It remembers each request of a window, 8 "
        "bytes each: beyond 1000 a window, take `gcra`.",
    )
    burst: Annotated[int, whole(1, QUOTA_MAX)] | None = key(
        None,
        about="Requests that may come at once, with `gcra`.",
        shown="the requests of `rate`",
        why="1 makes clients keep their distance from one request to the next.",
    )
    shadow: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether it is only judged, counted and logged, and refuses nobody.",
        why="To see what a new limit would do.",
    )
    headers: Annotated[
        tuple[Annotated[str, choice("ratelimit", "x-ratelimit")], ...], OneOrMany()
    ] = key(
        ("ratelimit",),
        about="What clients are told. `ratelimit`: `RateLimit-Policy` and `RateLimit`. "
        "`x-ratelimit`: `X-RateLimit-Limit`, `-Remaining`, and `-Reset` in seconds. An empty "
        "list: nothing but `Retry-After`.",
    )
    retry_after: Annotated[int, duration("1s", "1h")] | None = key(
        None,
        about="What `Retry-After` says where `concurrent` is reached.",
        shown='`"1s"`',
        why="When a place will be free cannot be known. For a rate, it is worked out.",
    )
    keys_max: Annotated[int, whole(1, 10_000_000)] = key(
        KEYS_MAX,
        about="Keys, such as clients, that are known at once, in each worker.",
        why="Each takes 200 to 400 bytes, at 10 requests a window. Idle ones are forgotten.",
    )
    when_full: Annotated[str, choice("refuse", "forget")] = key(
        "refuse",
        about="What a new key meets where all that are known are busy. `refuse`: 503 until one is "
        "idle. `forget`: whoever was seen longest ago starts anew.",
        why="With `refuse` no flood of addresses can lift anybody's limit; with `forget` none can "
        "keep newcomers out.",
    )
    key: Annotated[tuple[KeyName, ...], OneOrMany()] = key(
        ("client",),
        about="Whose budget: `client` (address; IPv6 by /64), `consumer` (by its credential; "
        "without one, by address), `route`, `header:NAME`. A list is a budget for each "
        "combination; an empty one is one budget for all.",
    )
