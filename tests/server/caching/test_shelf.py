"""Bodies come in by themselves, whoever waits for them; nobody waits for what has landed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from gateway_core.caching import BodyId
from gateway_core.clock import seconds
from gateway_core.coalescing import Landing
from gateway_core.errors import FailureKind
from gateway_core.exchange import Cache, Exchange, KeepBody
from gateway_core.message import UNKNOWN
from gateway_server.caching import NO_SHELF, Shelf
from gateway_server.upstream import CallFailedError
from tests.core.caching.entries import entry
from tests.exchanges import POLICIES

ALL = -1


@dataclass
class FakeAnswer:
    """An upstream's answer: each piece is bytes, seconds of silence, or how it fails."""

    pieces: Sequence[bytes | float | FailureKind]
    whole: bytes | None = None
    closed: int = 0
    _left: list[bytes | float | FailureKind] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = list(self.pieces)

    async def read(self) -> bytes:
        await trio.lowlevel.checkpoint()
        while self._left:
            piece = self._left.pop(0)
            if isinstance(piece, FailureKind):
                raise CallFailedError(piece)
            if isinstance(piece, bytes):
                return piece
            await trio.sleep(piece)
        return b""

    async def aclose(self) -> None:
        self.closed += 1


class Kept:
    """A shelf with one entry whose body is still to come."""

    def __init__(self, length: int = UNKNOWN) -> None:
        self.cache = Cache()
        self.shelf = Shelf(self.cache, self._refresh)
        self.refreshed: list[Exchange] = []
        self.body = self.cache.store.new_body()
        self.cache.store.put(entry(body=self.body, length=length, complete=False))

    async def _refresh(self, exchange: Exchange) -> None:
        self.refreshed.append(exchange)

    def keep(self, answer: FakeAnswer, length_max: int = 100) -> None:
        self.shelf.keep(KeepBody(self.body, length_max, seconds(60)), answer)  # type: ignore[arg-type]

    @property
    def complete(self) -> bool | None:
        found = self.cache.store.get(self.body)
        return None if found is None else found.complete


async def read(shelf: Shelf, body: BodyId) -> bytes:
    reader = shelf.read(body, 0, ALL)
    assert reader is not None
    got = b""
    try:
        while piece := await reader.read():
            got += piece
    finally:
        reader.close()
    return got


async def test_a_body_that_is_here_needs_no_task() -> None:
    kept = Kept()
    kept.keep(FakeAnswer([], whole=b"abc"))
    assert kept.complete
    assert await read(kept.shelf, kept.body) == b"abc"


async def test_a_body_that_comes_is_read_in_though_nobody_waits(
    nursery: trio.Nursery, autojump_clock: trio.abc.Clock
) -> None:
    kept, answer = Kept(), FakeAnswer([b"abc", 50.0, b"def"])
    kept.shelf.open(nursery)
    kept.keep(answer)
    assert await read(kept.shelf, kept.body) == b"abcdef"
    await wait_all_tasks_blocked()
    assert kept.complete
    assert answer.closed == 1


@pytest.mark.parametrize(
    ("pieces", "length"),
    [
        pytest.param([b"abc", FailureKind.RESET], UNKNOWN, id="it fails"),
        pytest.param([b"abc", 61.0, b"def"], UNKNOWN, id="it stops coming"),
    ],
)
async def test_half_a_body_is_kept_for_nobody(
    nursery: trio.Nursery,
    autojump_clock: trio.abc.Clock,
    pieces: list[bytes | float | FailureKind],
    length: int,
) -> None:
    kept, answer = Kept(length), FakeAnswer(pieces)
    kept.shelf.open(nursery)
    kept.keep(answer)
    with pytest.raises(CallFailedError):
        await read(kept.shelf, kept.body)
    await wait_all_tasks_blocked()
    assert kept.complete is None
    assert (len(kept.shelf), answer.closed) == (0, 1)


async def test_a_body_of_another_length_than_was_told_is_kept_for_nobody(
    nursery: trio.Nursery,
) -> None:
    kept = Kept(length=9)
    kept.shelf.open(nursery)
    kept.keep(FakeAnswer([b"abc"]))
    await wait_all_tasks_blocked()
    assert kept.complete is None
    assert len(kept.shelf) == 0


@pytest.mark.parametrize("whole", [None, b"x" * 200], ids=["piece by piece", "at once"])
async def test_a_body_that_is_too_large_reaches_who_reads_it_and_is_not_kept(
    nursery: trio.Nursery, whole: bytes | None
) -> None:
    kept, answer = Kept(), FakeAnswer([b"x" * 90, b"x" * 90, b"x" * 20], whole=whole)
    kept.shelf.open(nursery)
    kept.keep(answer)
    reader = kept.shelf.read(kept.body, 0, ALL)
    assert reader is not None
    kept.shelf.settle()
    got = b""
    while piece := await reader.read():
        got += piece
    assert len(got) == 200
    assert kept.complete is None
    assert len(kept.shelf) == 0


async def test_a_body_that_is_too_large_is_not_fetched_for_nobody(nursery: trio.Nursery) -> None:
    kept, answer = Kept(), FakeAnswer([b"x" * 200, b"more"])
    kept.shelf.open(nursery)
    kept.keep(answer)
    await wait_all_tasks_blocked()
    assert answer._left == [b"more"]
    assert answer.closed == 1


async def test_a_worker_that_goes_down_keeps_no_half(autojump_clock: trio.abc.Clock) -> None:
    kept, answer = Kept(), FakeAnswer([b"abc", 50.0])
    async with trio.open_nursery() as nursery:
        kept.shelf.open(nursery)
        kept.keep(answer)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert kept.complete is None
    assert answer.closed == 1


async def test_a_fault_in_the_background_ends_nothing_else(nursery: trio.Nursery) -> None:
    kept = Kept()
    kept.shelf.open(nursery)

    class Faulty(FakeAnswer):
        async def read(self) -> bytes:
            raise ZeroDivisionError

    answer = Faulty([])
    with capture_logs() as logs:
        kept.keep(answer)
        await wait_all_tasks_blocked()
    assert answer.closed == 1
    assert kept.complete is None
    assert [line["event"] for line in logs] == ["background fetch failed"]


async def test_who_waits_is_woken_once_the_flight_has_landed(nursery: trio.Nursery) -> None:
    kept, woken = Kept(), []
    flight = kept.cache.flights.lead(b"k", b"u")

    async def wait(name: str) -> None:
        flight.waiting += 1
        await kept.shelf.expect(flight.number).wait()
        woken.append(name)

    for name in "ab":
        nursery.start_soon(wait, name)
    await wait_all_tasks_blocked()
    kept.shelf.settle()
    assert woken == []
    kept.cache.flights.land(flight, Landing.STORED)
    kept.shelf.settle()
    await wait_all_tasks_blocked()
    assert sorted(woken) == ["a", "b"]
    assert not kept.shelf._waiting


def test_who_waits_no_more_leaves_nothing_behind_and_the_others_waiting() -> None:
    kept = Kept()
    flight = kept.cache.flights.lead(b"k", b"u")
    flight.waiting = 2
    gone, stays = (kept.shelf.expect(flight.number) for _ in range(2))
    kept.shelf.forget(flight.number, gone)
    kept.cache.flights.land(flight, Landing.STORED)
    kept.shelf.settle()
    assert (gone.is_set(), stays.is_set()) == (False, True)
    kept.shelf.forget(flight.number, stays)
    last = kept.shelf.expect(flight.number)
    kept.shelf.forget(flight.number, last)
    assert not kept.shelf._waiting


async def test_what_was_let_go_of_is_not_found() -> None:
    kept = Kept()
    kept.keep(FakeAnswer([], whole=b"abc"))
    kept.cache.purge_all()
    kept.shelf.settle()
    assert kept.shelf.read(kept.body, 0, ALL) is None


async def test_what_refreshes_runs_by_itself(nursery: trio.Nursery) -> None:
    kept, exchange = Kept(), Exchange(POLICIES)
    kept.shelf.open(nursery)
    kept.shelf.refresh(exchange)
    await wait_all_tasks_blocked()
    assert kept.refreshed == [exchange]


async def test_where_nothing_is_stored_nothing_refreshes(nursery: trio.Nursery) -> None:
    with pytest.raises(AssertionError):
        await NO_SHELF._refresher(Exchange(POLICIES))
