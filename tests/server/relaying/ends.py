"""An end of a socket in a test's hands: it says what it is told to, and takes as much as it may."""

import trio
import trio.testing

from gateway_core.clock import seconds
from gateway_core.frames import Close, FrameEvent, FramesCame, Side
from gateway_core.relay import Relay, RelayRules
from gateway_server.relaying import Carrying
from gateway_server.relaying.ends import PassOn
from gateway_server.timers import Timers

RULES = RelayRules(idle_timeout=seconds(100), ping_interval=seconds(1000), close_timeout=seconds(5))


class FakeEnd:
    """See `relaying.ends.End`. Loads are text."""

    def __init__(self, side: Side, *, on_the_spot: bool) -> None:
        """`on_the_spot`: whether it passes on what comes itself, as an end may."""
        self.side = side
        self._on_the_spot = on_the_spot
        self.took: list[str] = []
        """What it was sent, in order."""
        self.room = 1000
        """Loads that it takes at once."""
        self.flow = trio.Event()
        """What `push` waits for."""
        self.breaks = False
        """Whether a push fails then."""
        self.hung_up = self.was_cut = self.finished = False
        self.given = 0
        """Loads that were read of it."""
        self._say, self._hear = trio.open_memory_channel[tuple[FrameEvent, str] | None](100)
        self._next: FrameEvent | None = None
        self._load = ""

    # What a test does.

    def says(self, load: str, event: FrameEvent | None = None) -> None:
        message = FramesCame(self.side, 1, 0, len(load), whole=True)
        self._say.send_nowait((event or message, load))

    def ends(self) -> None:
        self._say.send_nowait(None)

    # What the driver asks.

    def next(self) -> FrameEvent | None:
        event, self._next = self._next, None
        return event

    def take(self) -> str:
        return self._load

    def finish(self) -> None:
        self.finished = True

    async def read(self, pass_on: PassOn) -> bool:
        while (said := await self._hear.receive()) is not None:
            assert self._next is None, "read before all was told"
            self.given += 1
            self._next, self._load = said
            if not self._on_the_spot or not pass_on(self.next()):
                return True
        return False

    def put(self, load: str) -> str | None:
        assert not (self.hung_up or self.was_cut), "something follows the end"
        if self.room:
            self.room -= 1
            self.took.append(load)
            return None
        return load

    async def push(self, rest: str) -> None:
        await self.flow.wait()
        if self.breaks or self.was_cut:
            raise BrokenPipeError
        self.took.append(rest)

    def close_load(self, close: Close) -> str:
        return f"close {close.code}"

    def ping_load(self, payload: bytes) -> str:
        return "ping"

    def hang_up(self) -> None:
        assert not self.hung_up
        self.hung_up = True

    def cut(self) -> None:
        self.was_cut = True
        self.flow.set()


class Pair:
    """A relay between two of them."""

    def __init__(self, timers: Timers, rules: RelayRules, *, on_the_spot: bool) -> None:
        self.client = FakeEnd(Side.CLIENT, on_the_spot=on_the_spot)
        self.upstream = FakeEnd(Side.UPSTREAM, on_the_spot=on_the_spot)
        self.alarm = timers.alarm(lambda: self.carrying.deadline, lambda: self.carrying.tick())
        machine = Relay.opened(rules, b"tag", self.alarm.now())
        self.carrying: Carrying[str] = Carrying(machine, self.client, self.upstream, self.alarm)
        self.over = trio.Event()

    async def run(self) -> None:
        self.alarm.look()
        try:
            await self.carrying.run()
        finally:
            self.over.set()


async def opened(nursery: trio.Nursery, on_the_spot: bool, rules: RelayRules = RULES) -> Pair:
    timers = Timers()
    nursery.start_soon(timers.run)
    pair = Pair(timers, rules, on_the_spot=on_the_spot)
    nursery.start_soon(pair.run)
    await settle()
    return pair


async def settle() -> None:
    """Let everybody do what can be done now."""
    await trio.testing.wait_all_tasks_blocked()
