"""Load: the commands of wrk, h2load and our own generators, and what they print.

    wrk         as fast as the subject answers, with latencies; cannot tell 404 from 502
    h2load      as fast as the subject answers, counts statuses by class
    open_loop   at a rate that does not wait for the subject, latency from when it was due
    transfer    few large bodies, down or up, or a reader that is slow
    idle        many connections that say little

`h2load --rps` is not used: each of its clients sends what is due every 100 ms, all in the
same moment, so that its percentiles are those of bursts.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
WRK_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a generator saw. `work` counts answers, or bytes of bodies; see `unit`."""

    work: int
    seconds: float
    errors: int
    told: str = ""
    """The errors in words, or what else the reader should know."""
    p50_ms: float | None = None
    p99_ms: float | None = None
    late_ms: float | None = None
    """How late the generator itself sent (p99), where it has a schedule."""


class UnreadableOutputError(Exception):
    """A generator printed what we do not understand: no figure is made from it."""


TIMES_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}
SECONDS = {unit: value / 1000 for unit, value in TIMES_MS.items()}
_TIME = r"([\d.]+)(us|ms|s|m|h)\b"


def _one(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise UnreadableOutputError(f"no {pattern!r} in: {text[-2000:]}")
    return found


def _milliseconds(found: re.Match[str]) -> float:
    return float(found[1]) * TIMES_MS[found[2]]


def wrk_command(url: str, connections: int, seconds: float) -> list[str]:
    """One thread, since it has one core. Whole seconds: wrk takes no others."""
    return [
        "wrk", "--threads", "1", "--connections", str(connections),
        "--duration", f"{max(1, round(seconds))}s", "--timeout", f"{WRK_TIMEOUT_SECONDS}s",
        "--latency", url,
    ]  # fmt: skip


def parse_wrk(text: str) -> LoadResult:
    """Read wrk's report. Socket errors and statuses of 400 and more are errors."""
    total = _one(rf"^\s*(\d+) requests in {_TIME}", text)
    socket = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors, told = 0, []
    if socket:
        errors += sum(map(int, socket.groups()))
        told.append(socket[0])
    if refused:
        errors += int(refused[1])
        told.append(refused[0])
    answered = int(total[1])
    # Without an answer wrk prints percentiles of zero: no latency is not a latency of 0.
    latency = {
        share: _milliseconds(_one(rf"^\s*{share}%\s+{_TIME}", text)) if answered else None
        for share in (50, 99)
    }
    seconds = float(total[2]) * SECONDS[total[3]]
    return LoadResult(answered, seconds, errors, "; ".join(told), latency[50], latency[99])


def h2load_command(url: str, connections: int, seconds: float) -> list[str]:
    """HTTP/1.1, one thread."""
    return [
        "h2load", "--h1", "--threads", "1", "--clients", str(connections),
        "--duration", f"{max(1, round(seconds))}", url,
    ]  # fmt: skip


def parse_h2load(text: str, status_class: int = 2) -> LoadResult:
    """Read h2load's report. Statuses outside of `status_class` are errors."""
    finished = _one(rf"^finished in {_TIME}", text)
    requests = _one(
        r"^requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, "
        r"(\d+) failed, (\d+) errored, (\d+) timeout",
        text,
    )
    codes = _one(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text)
    counts = {place + 2: int(count) for place, count in enumerate(codes.groups())}
    wrong = sum(count for each, count in counts.items() if each != status_class)
    # `failed` counts refused statuses too, here known by class; `errored`, broken streams.
    errors = wrong + int(requests[6]) + int(requests[7])
    told = f"{codes[0]}; {requests[6]} errored, {requests[7]} timeout" if errors else ""
    seconds = float(finished[1]) * SECONDS[finished[2]]
    return LoadResult(counts[status_class], seconds, errors, told)


def own_command(generator: str, **options: object) -> list[str]:
    """Return the command of a generator of ours, which stands alone in its file."""
    words = [sys.executable, "-S", str(HERE / f"{generator}.py")]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def parse_own(text: str) -> LoadResult:
    """Read the JSON line that our generators end with."""
    try:
        return LoadResult(**json.loads(text.strip().rpartition("\n")[2]))
    except (ValueError, TypeError) as error:
        raise UnreadableOutputError(f"{error}: {text[-2000:]}") from error
