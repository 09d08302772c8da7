"""Run a relay: read both ends, tell the machine, carry what it lets pass.

Two tasks read, one each end; what an end takes at once is written by whoever read it. What it
does not is queued and pushed, and the end it came from is not read meanwhile: a slow reader
thus stops its own source, and no other. Control frames of ours come from anywhere, the timers
included; they queue behind what is being pushed, or are pushed by a task of their own.

    read -> next -> machine -> Pass: put -- left? --> queue -> push -> read on
"""

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

import trio

from gateway_core.clock import Instant
from gateway_core.exchange import RelayEnded
from gateway_core.frames import (
    CLIENT,
    OTHER,
    UPSTREAM,
    Close,
    FrameEvent,
    FramesCame,
    PongCame,
)
from gateway_core.machine import Tick
from gateway_core.relay import (
    PASS,
    Abandoned,
    Command,
    Drop,
    EndAsked,
    Event,
    Finish,
    Flowed,
    HangUp,
    Pass,
    Relay,
    SendClose,
    SendPing,
    SideLost,
    Stalled,
)

from ..timers import Alarm
from .ends import End, PassOn

L = TypeVar("L")


class _Way(Generic[L]):
    """One end, and what is on its way to it."""

    __slots__ = ("cut", "end", "hung_up", "news", "pushes", "pushing", "queue", "scope", "waits")

    def __init__(self, end: End[L]) -> None:
        self.end = end
        self.scope = trio.CancelScope()
        """Around the task that reads it."""
        self.waits = False
        """Whether what it said last is neither passed on nor dropped yet."""
        self.news: trio.Event | None = None
        """What the task that reads it waits for, instead of reading on."""
        self.queue: deque[L] = deque()
        """What it did not take at once, and what came behind that."""
        self.pushing = False
        """Whether a task pushes what is queued."""
        self.pushes = False
        """Whether the task that reads this end is the one that pushes to the other."""
        self.hung_up = False
        self.cut = False

    def tell(self) -> None:
        """Have the task that reads it look again."""
        if self.news is not None:
            self.news.set()


class Carrying(Generic[L]):
    """One open WebSocket."""

    def __init__(
        self,
        machine: Relay,
        client: End[L],
        upstream: End[L],
        alarm: Alarm,
    ) -> None:
        """`alarm` asks for `deadline`, and calls `tick`."""
        self._machine = machine
        self._client, self._upstream = _Way(client), _Way(upstream)
        self._ways = {CLIENT: self._client, UPSTREAM: self._upstream}
        self._now, self._look = alarm.now, alarm.look
        self._nursery: trio.Nursery | None = None

    @property
    def deadline(self) -> Instant:
        """When to call `tick`."""
        return self._machine.deadline

    @property
    def ended(self) -> RelayEnded:
        """What became of it."""
        return RelayEnded(*self._machine.outcome)

    @property
    def client_cut(self) -> bool:
        """Whether the client's transport is to end so that it shows."""
        return self._client.cut

    async def run(self) -> None:
        """Carry until both ends are hung up on. Cancelled, it has last words and hangs up."""
        try:
            async with trio.open_nursery() as self._nursery:
                self._nursery.start_soon(self._carry, self._upstream, self._client)
                await self._carry(self._client, self._upstream)
        finally:
            self._nursery = None
            self.tell(Abandoned())

    def tick(self) -> None:
        """Hear that the deadline has come."""
        self.tell(Tick())

    def end(self, close: Close, wait: int) -> None:
        """Close both ends in `wait` nanoseconds."""
        self.tell(EndAsked(close, wait))

    def tell(self, event: Event) -> None:
        """Tell the machine, and do what it says. Waits for nobody."""
        self._perform(self._machine.receive(event, self._now()))
        self._look()

    # Reading.

    async def _carry(self, source: _Way[L], target: _Way[L]) -> None:
        """Read `source` to its end."""
        pass_on = self._passing(source, target)
        with source.scope:
            while not pass_on(source.end.next()) or await source.end.read(pass_on):
                if source.pushes:
                    await self._push(target)
                    source.pushes = False
                    if source.hung_up:
                        break
                await self._until_gone(source, target)
        if not source.hung_up:
            self.tell(SideLost(source.end.side))

    def _passing(self, source: _Way[L], target: _Way[L]) -> PassOn:
        """Return what passes on all that `source` has said."""
        end, queue, machine, now = source.end, target.queue, self._machine, self._now
        next_event, take, put, passes = end.next, end.take, target.end.put, PASS[end.side]

        def pass_on(event: FrameEvent | None) -> bool:
            while event is not None:
                commands = machine.receive(event, now())
                if commands is passes and not queue:
                    # Nearly always: what came goes on in the same breath.
                    rest = put(take())
                    if rest is None:
                        event = next_event()
                        continue
                    queue.append(rest)
                    assert not target.pushing, "with nothing queued"
                    # By the task that reads, which has nothing else to do meanwhile.
                    source.pushes = target.pushing = True
                    return False
                source.waits = isinstance(event, FramesCame | PongCame)
                self._perform(commands)
                self._look()
                if source.waits or queue:
                    return False
                event = next_event()
            return True

        return pass_on

    async def _until_gone(self, source: _Way[L], target: _Way[L]) -> None:
        """Wait until what the source said is decided on, and the target has room for more."""
        while source.waits or target.queue:
            source.news = trio.Event()
            await source.news.wait()

    # Writing.

    def _perform(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case Pass(side):
                    load = self._ways[side].end.take()
                    self._decided(self._ways[side])
                    self._send(self._ways[OTHER[side]], load)
                case Drop(side):
                    self._decided(self._ways[side])
                case Finish(side):
                    self._ways[side].end.finish()
                case SendClose(side, close):
                    way = self._ways[side]
                    self._send(way, way.end.close_load(close))
                case SendPing(side, payload):
                    way = self._ways[side]
                    self._send(way, way.end.ping_load(payload))
                case HangUp(side, cut):
                    self._hang_up(self._ways[side], cut=cut)

    def _decided(self, source: _Way[L]) -> None:
        source.waits = False
        source.tell()

    def _send(self, way: _Way[L], load: L) -> None:
        if way.queue:
            way.queue.append(load)
        elif (rest := way.end.put(load)) is not None:
            self._enqueue(way, rest)

    def _enqueue(self, way: _Way[L], rest: L) -> None:
        way.queue.append(rest)
        if self._nursery is not None and not way.pushing:
            way.pushing = True
            self._nursery.start_soon(self._push, way)

    async def _push(self, way: _Way[L]) -> None:
        """Send what waits for an end that takes it slowly, and more that comes meanwhile."""
        side, queue = way.end.side, way.queue
        self.tell(Stalled(side))
        try:
            while queue:
                await way.end.push(queue[0])
                if queue:  # it may have been hung up on in the same moment
                    queue.popleft()
        except OSError:
            queue.clear()
            self.tell(SideLost(side))
        way.pushing = False
        self.tell(Flowed(side))
        if way.hung_up and not way.cut:
            way.end.hang_up()
        self._ways[OTHER[side]].tell()

    def _hang_up(self, way: _Way[L], *, cut: bool) -> None:
        way.hung_up = True
        if cut or (way.queue and self._nursery is None):
            way.cut = True
            way.queue.clear()
            way.end.cut()
        elif not way.queue:
            way.end.hang_up()
        if not way.pushes:  # else it breaks off by itself, and not in the middle of a frame
            way.scope.cancel()
