"""`cache = {...}` of a route: what is stored of its answers, for whom, and for how long."""

from typing import Annotated, Final, TypeAlias, cast

from pydantic import Strict

from gateway_core.clock import SECOND

from .keys import SWITCH, OneOrMany, Reads, Table, choice, key, wrong
from .values import duration, size

_DURATION: Final = duration("0s", "365d")


def _read_seconds(value: object) -> int:
    nanoseconds = _DURATION.read(value)
    assert isinstance(nanoseconds, int)
    if nanoseconds % SECOND:
        raise wrong("must be whole seconds", "ages in HTTP have no fractions (RFC 9111, 1.2.2)")
    return nanoseconds // SECOND


def _read_query(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value in {"all", "none"}:
        return str(value)
    if isinstance(value, list):
        names = cast("list[object]", value)
        if all(isinstance(name, str) for name in names):
            return tuple(str(name) for name in names)
    raise wrong("is no choice of parameters", 'write "all", "none", or a list: ["page", "q"]')


Texts: TypeAlias = Annotated[tuple[Annotated[str, Strict()], ...], OneOrMany()]
Seconds: TypeAlias = Annotated[
    int, Reads(_read_seconds, {**_DURATION.schema, "x-type": "duration, whole seconds, to 365d"})
]
"""Whole seconds."""
QueryKeys: TypeAlias = Annotated[
    str | tuple[str, ...],
    Reads(
        _read_query,
        {
            "anyOf": [
                {"enum": ["all", "none"]},
                {"type": "array", "items": {"type": "string"}},
            ],
            "x-type": '"all", "none" or a list of names',
        },
    ),
]


class CacheKeySettings(Table):
    """What tells two requests apart, beside the route, the host and the path."""

    query: QueryKeys = key(
        "all",
        about='Which parameters of the query count: `"all"`, byte for byte; `"none"`; or those of '
        "a list.",
        why="A parameter that does not count must change nothing in the answer.",
    )
    headers: Texts = key((), about="Fields of the request that count, byte for byte.")
    cookies: Texts = key((), about="Cookies that count.")


class CacheSettings(Table):
    """A shared cache (RFC 9111). The origin's own words win over these, unless forced."""

    ttl: Seconds | None = key(
        None,
        about="How long an answer is fresh of which the origin says nothing.",
        shown="a tenth of its age, if Last-Modified tells it (RFC 9111, 4.2.2)",
    )
    force: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether `ttl` goes before the origin's lifetime. What the origin forbids to store "
        "is not stored all the same.",
    )
    vary: Texts = key(
        (), about="Fields of the request that select an answer, whatever its Vary says."
    )
    stale_while_revalidate: Seconds | None = key(
        None,
        about="How long a stale answer is still sent while a newer one is fetched (RFC 5861).",
        shown="as the origin says, else not at all",
    )
    stale_if_error: Seconds | None = key(
        None,
        about="How long a stale answer stands in for a 500, 502, 503, 504, or for no answer.",
        shown="as the origin says, else `60s` where there is no answer at all",
        why="A cache that is cut off may (RFC 9111, 4.2.4); a minute bridges a restart.",
    )
    max_entry: Annotated[int, size("1KiB", "16GiB")] = key(
        "8MiB", about="Bytes of the largest body that is stored; larger ones pass through."
    )
    set_cookie: Annotated[str, choice("pass", "store")] = key(
        "pass",
        about='What becomes of an answer that sets a cookie: `"pass"`, to its client alone; or '
        '`"store"`, for everybody.',
        why="A stored cookie is sent to strangers.",
    )
    partition: Annotated[str, choice("consumer", "none")] = key(
        "consumer",
        about="Whether each consumer, where the route asks who it is, has answers of its own.",
        why="One consumer's answer is no other's business.",
    )
    no_vary_search: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether the origin's No-Vary-Search is heeded: which parameters, and which order of "
        "them, change nothing in an answer.",
        why="What it calls alike is answered alike, to everybody: the origin must mean it.",
    )
    key: CacheKeySettings = key({}, about="What tells two requests apart.", shown="the whole URL")
