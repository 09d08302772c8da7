"""Keys of an upstream that say which endpoint is asked, when again, and when not at all."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from gateway_core import adapting, breaking, ejecting, probe, retrying
from gateway_core.balancing import HashOn
from gateway_core.ratio import Ratio, percent

from ..environment import Substituted
from .keys import OneOrMany, Reads, Table, key, whole, wrong
from .values import duration, size

_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?) ?%")
_PATH: Final = re.compile(r"/[!-~]{0,1023}")
_HASH_ON: Final = re.compile(r"client|(header|cookie):([A-Za-z0-9!#$%&'*+.^_`|~-]{1,128})")
_STATUS: Final = re.compile(r"5[0-9]{2}|408|425|429")
_CONTENT_TYPE: Final = re.compile(r"[!-~][ -~]{0,255}")
_WORDS: Final[Mapping[str, retrying.Cause]] = {cause.value: cause for cause in retrying.Cause}


def share(low: float, high: float) -> Reads:
    """Return the type of shares from `low` to `high` per cent."""

    def read(value: object) -> Ratio:
        found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise wrong("is no share", _ratio_cure(value))
        if not low <= float(found[1]) <= high:
            raise wrong(f"must be from {low:g}% to {high:g}%")
        return percent(float(found[1]))

    return Reads(read, {"type": "string", "x-type": f"share, {low:g}% to {high:g}%"})


def _ratio_cure(value: object) -> str:
    """Return what was probably meant: 0.2 and 20 are both 20 %."""
    if isinstance(value, float) and 0 < value <= 1:
        return f'write it per cent: "{value * 100:g}%"'
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100:
        return f'write it per cent: "{value}%"'
    return 'write it per cent, in quotes: "20%"'


def _read_hash_on(value: object) -> HashOn:
    found = _HASH_ON.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong("is nothing to hash", 'write "client", "header:NAME" or "cookie:NAME"')
    if found[1] is None:
        return HashOn("client")
    if found[1] == "header":
        return HashOn("header", found[2].lower().encode("ascii"))
    return HashOn("cookie", found[2].encode("ascii"))


def _read_cause(value: object) -> str:
    if isinstance(value, str) and (value in _WORDS or _STATUS.fullmatch(value)):
        return str(value)
    cure = 'write "connect", "reset", or a status from "500" to "599", "408", "425", "429"'
    if isinstance(value, int) and _STATUS.fullmatch(str(value)):
        cure = f'write it in quotes: "{value}"'
    raise wrong("is no reason to try again", cure)


def _read_path(value: object) -> bytes:
    if not isinstance(value, str) or not _PATH.fullmatch(value) or "#" in value:
        raise wrong("is no path", 'write what is asked for, "/healthz"')
    return value.encode("ascii")


def _read_status(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 200 <= value <= 599:
        raise wrong("is no status of an answer", "write a number from 200 to 599")
    if value in (204, 205, 304):
        raise wrong("is the status of an answer without a body", "write another, such as 200")
    return value


def _read_text(value: object) -> bytes:
    if not isinstance(value, str):
        raise wrong("must be text", "put it in quotes")
    return str(value).encode()


def _read_content_type(value: object) -> bytes:
    if not isinstance(value, str) or isinstance(value, Substituted):
        raise wrong("must be text", "put it in quotes")
    if "/" not in value or not _CONTENT_TYPE.fullmatch(value):
        raise wrong("is no media type", 'write "application/json", or "text/plain; charset=utf-8"')
    return value.encode("ascii")


def causes_of(on: tuple[str, ...]) -> frozenset[retrying.Cause]:
    """Return the causes among the words of `retries.on`."""
    return frozenset(_WORDS[word] for word in on if word in _WORDS)


def statuses_of(on: tuple[str, ...]) -> frozenset[int]:
    """Return the statuses among the words of `retries.on`."""
    return frozenset(int(word) for word in on if word not in _WORDS)


Again: TypeAlias = Annotated[
    str, Reads(_read_cause, {"type": "string", "x-type": '"connect", "reset" or a status'})
]
HashKey: TypeAlias = Annotated[
    HashOn, Reads(_read_hash_on, {"type": "string", "x-type": "client, header:NAME, cookie:NAME"})
]


class Retries(Table):
    """When a request that failed is sent again. `{}` takes the defaults."""

    attempts: Annotated[int, whole(2, retrying.TRIES_MAX)] = key(
        retrying.TRIES,
        about="Tries in all, the first one included.",
        why="Who needs more than one retry has another problem.",
    )
    on: Annotated[tuple[Again, ...], OneOrMany()] = key(
        ("connect", "reset", "502", "503", "504"),
        least=1,
        about="After what: `connect`, no connection was made; `reset`, it ended before an answer; "
        "or the status of an answer.",
        why="Only methods that may run twice (RFC 9110, 9.2.2) are repeated once they were sent.",
    )
    budget: Annotated[Ratio, share(0, 100)] = key(
        "20%",
        about="The share of the upstream's active requests that may be retries or hedges at once, "
        "those that wait for their next try included.",
        why="A service that fails everything gets a quarter more requests, not a multiple.",
    )
    budget_min: Annotated[int, whole(0, 1_000)] = key(
        retrying.BUDGET_MIN,
        about="Retries at once that are allowed in any case.",
        why="A quiet service would have none else.",
    )
    max_body: Annotated[int, size("0B", "64MiB")] = key(
        "1MiB",
        about="Bytes of a request's body that are kept so that it can be sent again.",
        why="Each such request in flight may hold as much memory.",
    )


class Slow(Table):
    """When slow calls open the breaker."""

    over: Annotated[int, duration("1ms", "1h")] = key(
        about="A call is slow if its answer's head takes longer."
    )
    ratio: Annotated[Ratio, share(1, 100)] = key("50%", about="Share of slow calls that opens it.")


class Breaker(Table):
    """When an endpoint that fails is left alone. `{}` takes the defaults."""

    consecutive_failures: Annotated[int, whole(1, 10_000)] = key(
        breaking.rules.CONSECUTIVE_FAILURES,
        about="Failures in a row that open it: 5xx, time-outs, refused and reset connections.",
        why="What is the client's fault, 4xx and 429 included, is none.",
    )
    failure_ratio: Annotated[Ratio, share(1, 100)] = key(
        "50%", about="Share of failures within `window` that opens it, from `minimum` calls on."
    )
    minimum: Annotated[int, whole(1, 1_000_000)] = key(
        breaking.rules.MINIMUM, about="Calls within `window` before a share means anything."
    )
    window: Annotated[int, duration("100ms", "1h")] = key(
        "30s", about="How long a call counts, a tenth more or less."
    )
    slow: Slow | None = key(None, about="Whether slow calls open it, too.", shown="they do not")
    open_for: Annotated[int, duration("10ms", "1h")] = key(
        "10s",
        about="How long it stays open the first time; twice as long each time that probes fail.",
    )
    open_for_max: Annotated[int, duration("10ms", "1d")] = key(
        "5m", about="How long it stays open at most.", why="As Envoy's `max_ejection_time`."
    )
    probes: Annotated[int, whole(1, 1_000)] = key(
        1, about="Calls at once that are let through to see how the endpoint is."
    )
    probes_to_close: Annotated[int, whole(1, 1_000)] | None = key(
        None, about="Probes that must succeed.", shown="as `probes`"
    )


class Health(Table):
    """Active health checks of each endpoint, by GET."""

    path: Annotated[bytes, Reads(_read_path, {"type": "string", "x-type": "path"})] = key(
        about="What is asked for; any 2xx is well."
    )
    interval: Annotated[int, duration("100ms", "1h")] = key(
        "10s", about="Between two checks, up to a tenth more or less."
    )
    timeout: Annotated[int, duration("10ms", "5m")] = key("2s", about="Until the answer's head.")
    healthy: Annotated[int, whole(1, 100)] = key(
        probe.HEALTHY, about="Checks in a row that make an ill endpoint well."
    )
    unhealthy: Annotated[int, whole(1, 100)] = key(
        probe.UNHEALTHY, about="Checks in a row that make a well endpoint ill."
    )


class Outlier(Table):
    """When an endpoint that does worse than the others is left out. `{}`: Envoy's defaults."""

    consecutive_failures: Annotated[int, whole(1, 10_000)] = key(
        ejecting.CONSECUTIVE_FAILURES, about="Failures in a row that eject an endpoint."
    )
    interval: Annotated[int, duration("100ms", "1h")] = key(
        "10s",
        about="Between two comparisons of rates of success, from five endpoints and 100 calls "
        "each on: 1.9 standard deviations below the average eject.",
    )
    ejected_for: Annotated[int, duration("100ms", "1h")] = key(
        "30s", about="How long the first time; twice as long the second, thrice the third."
    )
    ejected_for_max: Annotated[int, duration("100ms", "1d")] = key("5m", about="How long at most.")
    ejected_max: Annotated[Ratio, share(0, 100)] = key(
        "10%", about="Share of endpoints that may be out at once; one may in any case, never all."
    )


class AdaptiveConcurrency(Table):
    """A bound on calls at once that is found out from how long they take; 503 beyond."""

    min: Annotated[int, whole(1, 100_000)] = key(
        adapting.LIMIT_MIN, about="Never fewer at once than this."
    )
    max: Annotated[int, whole(1, 1_000_000)] = key(
        adapting.LIMIT_MAX, about="Never more at once than this."
    )


class Hedge(Table):
    """A second call of another endpoint, for GET and HEAD, from the budget of `retries`."""

    after: Annotated[int, duration("1ms", "1h")] = key(
        about="How long the first one may take to answer; the loser is cancelled.",
        why="A little above what 95 of 100 answers take, so that few are asked twice.",
    )


class FallbackAnswer(Table):
    """What clients are answered where the service cannot: no answer, or nobody to ask."""

    status: Annotated[
        int, Reads(_read_status, {"type": "integer", "x-type": "status, 200 to 599"})
    ] = key(200, about="Its status.")
    body: Annotated[bytes, Reads(_read_text, {"type": "string", "x-type": "text"})] = key(
        about="Its body."
    )
    content_type: Annotated[
        bytes, Reads(_read_content_type, {"type": "string", "x-type": "media type"})
    ] = key("application/json", about="Its media type.")
