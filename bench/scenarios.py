"""What is asked of every subject, as data: a name, a load, and what the figures count."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from . import load
from .load import LoadResult

COMPOSED_PATH = "/composed"
SMALL_PATH = "/api/item.json"
LIMITED_PATH = "/limited/item.json"
CACHED_PATH = "/cached/item.json"
BLOB_PATH = "/files/blob"
UPLOAD_PATH = "/files/upload"
HUGE_BYTES = 5_000_000_000
"""More than any counter of 32 bits, and more than a subject could hold unnoticed."""
RATE_MAX = 12_000.0
"""Requests a second beyond which `open_loop.py` itself is late on one shared core."""
IDLE_PACE_SECONDS = 1.0


class Work(Enum):
    """What a load counts, and in which portions its cost is told."""

    REQUESTS = ("req/s", "CPU s / 10k", 1.0, 10_000.0)
    BYTES = ("MB/s", "CPU s / GB", 1e6, 1e9)
    CONNECTIONS = ("conn/s", "CPU s / 10k", 1.0, 10_000.0)

    def __init__(self, rate: str, cost: str, rate_unit: float, portion: float) -> None:
        self.rate, self.cost = rate, cost
        self.rate_unit, self.portion = rate_unit, portion


class Figure(Enum):
    """The figure that a scenario is about: what its plot shows. Less is better in each."""

    COST = "cost"
    P99 = "p99_ms"
    GROWTH = "growth_bytes"
    GROWTH_EACH = "growth_each"


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard this run goes."""

    seconds: float
    rate: float
    blob_bytes: int
    idle: int


@dataclass(frozen=True, slots=True)
class Aim:
    """Where one load goes. `known_rate` is what the subject reached before, or nothing."""

    port: int
    hello: str
    known_rate: float | None

    def url(self, path: str) -> str:
        """Return the address of `path`."""
        return f"http://127.0.0.1:{self.port}{path}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of load."""

    name: str
    title: str
    work: Work
    figure: Figure
    command: Callable[[Plan, Aim], list[str]]
    parse: Callable[[str], LoadResult]
    direct: str = ""
    """Which upstream can be asked without a subject between: `small`, `bulk` or none."""
    needs_rate: bool = False
    """Whether the subject's throughput must be known first."""
    limited: bool = False
    """Whether only subjects that limit can be asked."""
    composed: bool = False
    """Whether only those can be asked that compose answers."""
    cached: bool = False
    """Whether only subjects that cache can be asked."""
    idle: bool = False
    """Whether it counts connections that are held, not work done."""


def half(known_rate: float | None) -> float:
    """Return half of what the subject reached, as far as the generator can go."""
    assert known_rate is not None, "needs_rate"
    return min(known_rate / 2, RATE_MAX)


def _wrk(connections: int, path: str = SMALL_PATH) -> Callable[[Plan, Aim], list[str]]:
    return lambda plan, aim: load.wrk_command(aim.url(path), connections, plan.seconds)


def _transfer(mode: str, path: str) -> Callable[[Plan, Aim], list[str]]:
    return lambda plan, aim: load.own_command(
        "transfer", mode=mode, port=aim.port, path=path, bytes=plan.blob_bytes, seconds=plan.seconds
    )


def _huge_upload(plan: Plan, aim: Aim) -> list[str]:
    return load.own_command(
        "transfer", mode="up", port=aim.port, path=UPLOAD_PATH, bytes=HUGE_BYTES,
        seconds=plan.seconds, connections=1,
    )  # fmt: skip


def _open_loop(rate: Callable[[Plan, Aim], float]) -> Callable[[Plan, Aim], list[str]]:
    return lambda plan, aim: load.own_command(
        "open_loop", port=aim.port, path=SMALL_PATH, rate=rate(plan, aim), seconds=plan.seconds
    )


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "hello", "404 by the subject itself, 32 connections",
        Work.REQUESTS, Figure.COST,
        lambda plan, aim: load.h2load_command(aim.url(aim.hello), 32, plan.seconds),
        lambda text: load.parse_h2load(text, status_class=4),
    ),
    Scenario(
        "limited", "429 by the subject itself, 32 connections of one client beyond its limit",
        Work.REQUESTS, Figure.COST,
        lambda plan, aim: load.h2load_command(aim.url(LIMITED_PATH), 32, plan.seconds),
        lambda text: load.parse_h2load(text, status_class=4), limited=True,
    ),
    Scenario(
        "hit", "1 KB of JSON out of the subject's cache, 32 connections",
        Work.REQUESTS, Figure.COST,
        lambda plan, aim: load.wrk_command(aim.url(CACHED_PATH), 32, plan.seconds),
        load.parse_wrk, cached=True,
    ),
    Scenario(
        "proxied-32", "1 KB of JSON proxied, 32 connections",
        Work.REQUESTS, Figure.COST, _wrk(32), load.parse_wrk, direct="small",
    ),
    Scenario(
        "proxied-256", "1 KB of JSON proxied, 256 connections",
        Work.REQUESTS, Figure.COST, _wrk(256), load.parse_wrk, direct="small",
    ),
    Scenario(
        "proxied-1000", "1 KB of JSON proxied, 1,000 keep-alive connections",
        Work.REQUESTS, Figure.COST, _wrk(1000), load.parse_wrk, direct="small",
    ),
    Scenario(
        "composed", "one answer of two parts of 1 KB, asked in parallel, 32 connections",
        Work.REQUESTS, Figure.COST, _wrk(32, COMPOSED_PATH), load.parse_wrk, composed=True,
    ),
    Scenario(
        "fixed-rate", "1 KB of JSON at the same rate for all, open loop",
        Work.REQUESTS, Figure.P99, _open_loop(lambda plan, _aim: plan.rate), load.parse_own,
        direct="small",
    ),
    Scenario(
        "half-load", "1 KB of JSON at half of what the subject reached in proxied-32, open loop",
        Work.REQUESTS, Figure.P99, _open_loop(lambda _plan, aim: half(aim.known_rate)),
        load.parse_own, needs_rate=True,
    ),
    Scenario(
        "download", "100 MB down, 4 at once",
        Work.BYTES, Figure.COST, _transfer("down", BLOB_PATH), load.parse_own, direct="bulk",
    ),
    Scenario(
        "upload", "100 MB up, 4 at once",
        Work.BYTES, Figure.COST, _transfer("up", UPLOAD_PATH), load.parse_own, direct="bulk",
    ),
    Scenario(
        "upload-5gb", "5 GB up in one request: what piles up",
        Work.BYTES, Figure.GROWTH, _huge_upload, load.parse_own,
    ),
    Scenario(
        "slow-reader", "100 MB down to 4 readers that take 1.3 MB/s: what piles up",
        Work.BYTES, Figure.GROWTH, _transfer("slow", BLOB_PATH), load.parse_own,
    ),
    Scenario(
        "idle", "connections held, a request on each before and after",
        Work.CONNECTIONS, Figure.GROWTH_EACH,
        lambda plan, aim: load.own_command(
            "idle", port=aim.port, path=aim.hello, connections=plan.idle,
            seconds=min(plan.seconds, IDLE_PACE_SECONDS), status=404,
        ),
        load.parse_own, idle=True,
    ),
)  # fmt: skip

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
THROUGHPUT = "proxied-32"
"""What `half-load` is half of."""
