"""Of many who wait one reads for all, and when it goes another does."""

import trio

from gateway_server.upstream.turns import Turns, Waiters


class Source:
    """Gives a word when the test says so, and knows how many read at once."""

    def __init__(self) -> None:
        self.give, self._take = trio.open_memory_channel[str](100)
        self.heard: dict[str, Waiters] = {}
        self.came: list[str] = []
        self.readers = 0

    async def read(self) -> None:
        self.readers += 1
        assert self.readers == 1, "one reads"
        try:
            word = await self._take.receive()
        finally:
            self.readers -= 1
        self.came.append(word)
        if word in self.heard:
            self.heard[word].wake()

    def party(self, word: str) -> Waiters:
        return self.heard.setdefault(word, Waiters())


async def test_each_gets_what_it_waits_for_whoever_reads(autojump_clock) -> None:
    source = Source()
    turns = Turns(source.read)
    got: list[str] = []

    async def wait(word: str) -> None:
        await turns.until(source.party(word), lambda: word in source.came)
        got.append(word)

    async with trio.open_nursery() as nursery:
        for word in ("a", "b", "c"):
            nursery.start_soon(wait, word)
        for word in ("c", "x", "a", "b"):
            await trio.sleep(1)
            source.give.send_nowait(word)
    assert got == ["c", "a", "b"]
    assert not turns.reading


async def test_who_has_it_already_does_not_wait(autojump_clock) -> None:
    source = Source()
    await Turns(source.read).until(source.party("a"), lambda: True)
    assert source.came == []


async def test_a_reader_that_is_cancelled_hands_its_turn_on(autojump_clock) -> None:
    source = Source()
    turns = Turns(source.read)
    with_turn = trio.CancelScope()

    async def leaves() -> None:
        with with_turn:
            await turns.until(source.party("a"), lambda: False)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(leaves)
        await trio.sleep(1)
        nursery.start_soon(turns.until, source.party("b"), lambda: "b" in source.came)
        await trio.sleep(1)
        with_turn.cancel()
        await trio.sleep(1)
        assert source.readers == 1
        source.give.send_nowait("b")


async def test_who_was_called_to_read_and_leaves_hands_the_turn_on(autojump_clock) -> None:
    """The reader goes, the next is called, and is cancelled before it runs."""
    source = Source()
    turns = Turns(source.read)
    first, second = trio.CancelScope(), trio.CancelScope()

    async def leaves(scope: trio.CancelScope) -> None:
        with scope:
            await turns.until(source.party("a"), lambda: False)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(leaves, first)
        await trio.sleep(1)
        nursery.start_soon(leaves, second)
        await trio.sleep(1)
        nursery.start_soon(turns.until, source.party("b"), lambda: "b" in source.came)
        await trio.sleep(1)
        first.cancel()
        second.cancel()
        await trio.sleep(1)
        assert source.readers == 1
        source.give.send_nowait("b")


async def test_a_reader_is_woken_by_what_happens_elsewhere(autojump_clock) -> None:
    source = Source()
    turns = Turns(source.read)
    failed: list[bool] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.until, source.party("a"), lambda: bool(failed))
        await trio.sleep(1)
        failed.append(True)
        source.party("a").wake()
    assert source.came == []


async def test_a_reader_begins_anew_when_it_is_interrupted(autojump_clock) -> None:
    source = Source()
    turns = Turns(source.read)
    turns.interrupt()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.until, source.party("a"), lambda: "a" in source.came)
        await trio.sleep(1)
        turns.interrupt()
        await trio.sleep(1)
        assert source.readers == 1
        source.give.send_nowait("a")
