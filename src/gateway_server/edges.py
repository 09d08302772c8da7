"""Edges: what comes on sockets is told once, right behind the loop's wait.

    the kernel --edges--> an epoll of ours --readable--> Trio's wait ends --> `_Poller` looks
                                                                                 |
    `readable` returns <-- the waiting task is scheduled <-- its Watch is told --+
                                                                |
    `taking` waits on <---- more is wanted <---- `take` --------+---- `attend`: nobody waits

Trio arms a descriptor anew for each wait, by a system call, and disarms it after. Here each is
registered once, edge-triggered. A task of the run has Trio's wait end when something came; right
behind that wait, before any task runs, whoever is concerned is told. An edge tells
that something came, once: so what it told is kept until somebody takes it (`_told`), and that
the peer has ended is kept for ever (`_ended`), since its edge may come together with the last
bytes, or with none. The other duty is the reader's: to say `more` after a read that took as
much as it asked for.

Who does the same with whatever comes, as a relay does, need not be woken for it: `taking` has
it done on the spot, where edges are told, and wakes whoever waits for the rest. That is within no
task: there is no current one to ask for, no scope is open, and nothing can be awaited.
What begins on one socket may so go on on another, and end on the first, without any task's
being woken: the first is held meanwhile, and the other attended to.

The contract is `readiness.Watch`.
"""

import select
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, TypeAlias

import outcome
import trio

from .outbox import Data, Outbox, Outgoing, Push

_EVENTS_MAX: Final = 256
"""Woken in one turn; the next turn wakes those that are left."""

Take: TypeAlias = Callable[[], bool]
"""Reads what is there, without waiting, and tells whether whoever waits is to wait on."""


def watch_edges(fd: int) -> "EdgeWatch":
    """Watch the socket `fd`, which never blocks, in this Trio run. Only where there is epoll."""
    poller = _poller.get(None)
    if poller is None:
        poller = _Poller()
        _poller.set(poller)
        trio.lowlevel.spawn_system_task(poller.run)
        trio.lowlevel.add_instrument(poller)
    return poller.watch(fd)


class EdgeWatch:
    """Waits for an edge that the poller tells of. See `readiness.Watch`."""

    __slots__ = ("_closed", "_ended", "_fd", "_held", "_poller", "_take", "_task", "_told")

    def __init__(self, poller: "_Poller", fd: int) -> None:
        self._poller = poller
        self._fd = fd
        self._task: trio.lowlevel.Task | None = None
        """Who waits."""
        self._take: Take | None = None
        """What may spare it the waking; without it, who is attended to."""
        self._held = False
        """Whether what comes is to be told only once it is released, or woken."""
        self._told = False
        """Whether something came that nobody has been told of."""
        self._ended = False
        """Whether the peer will send no more: no edge will tell it again."""
        self._closed = False

    def readable(self) -> Awaitable[None]:
        assert self._take is None or self._task is not None, "attended to, and waited for"
        if self._told or self._ended or self._closed or self._task is not None:
            return self._at_once()
        return self._wait()

    async def _wait(self) -> None:
        self._task = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._give_up)

    async def taking(self, take: Take) -> None:
        assert self._take is None or self._task is not None, "attended to, and waited for"
        while True:
            if (
                self._closed
                or self._task is not None
                or ((self._told or self._ended) and not self._held)
            ):
                await self._at_once()
                if not take():
                    return
            else:
                self._take = take
                self._task = trio.lowlevel.current_task()
                wanted = await trio.lowlevel.wait_task_rescheduled(self._give_up)
                if not wanted:
                    return

    async def _at_once(self) -> None:
        # Others have their turn, however much comes; and what is cancelled here is not lost.
        await trio.lowlevel.checkpoint()
        if self._closed:
            raise trio.ClosedResourceError("another task closed this socket")
        if self._task is not None:
            raise trio.BusyResourceError("another task waits for this socket")
        self._told = False

    def _give_up(self, _raise_cancel: object) -> trio.lowlevel.Abort:
        self._task = self._take = None
        self._held = False
        return trio.lowlevel.Abort.SUCCEEDED

    @property
    def holds(self) -> bool:
        return True

    def hold(self) -> None:
        self._held = True

    def release(self) -> None:
        self._held = False
        if self._take is not None and (self._told or self._ended):
            self._told = False
            self._have_taken(self._take)

    def wake(self, error: Exception | None = None) -> None:
        self._held = False
        task, self._task, self._take = self._task, None, None
        if task is not None:
            told = outcome.Value(value=False) if error is None else outcome.Error(error)
            trio.lowlevel.reschedule(task, told)

    def attend(self, take: Take) -> None:
        assert self._task is None
        assert self._take is None
        assert not self.stirred
        self._take = take

    def more(self) -> None:
        self._told = True

    @property
    def stirred(self) -> bool:
        return self._told or self._ended

    def outgoing(self, send: Callable[[Data], int]) -> Outgoing:
        return Outgoing(self._poller.outbox, send, self._when_writable)

    def _when_writable(self, push: Push) -> None:
        if not self._closed:
            self._poller.when_writable(self._fd, push)

    def tell(self, *, ended: bool) -> None:
        """Hear of an edge."""
        if ended:
            self._ended = True
        task, take = self._task, self._take
        if self._held or (task is None and take is None):
            self._told = True
        elif take is not None:
            self._have_taken(take)
        elif task is not None:
            self._task = None
            trio.lowlevel.reschedule(task)

    def _have_taken(self, take: Take) -> None:
        """Have what came taken; wake who waits, if anybody, where it is to wait no longer."""
        task = self._task
        told: outcome.Value[bool] | outcome.Error
        if task is None:
            self._take = None  # it may come to be attended to anew, by what is taken
            if take() and not self._closed:
                self._take = take
            return
        try:
            wanted = take()
        except Exception as error:  # noqa: BLE001 - who waits has caused it, and is to hear of it
            told = outcome.Error(error)
        else:
            if wanted and (self._held or not (self._told or self._ended)):
                return
            told = outcome.Value(wanted)
        if self._task is not task:
            return  # closed, or cancelled, by what it took
        self._task = self._take = None
        self._held = False
        trio.lowlevel.reschedule(task, told)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._poller.forget(self._fd, self)
        task, self._task, self._take = self._task, None, None
        if task is not None:
            error = trio.ClosedResourceError("another task closed this socket")
            trio.lowlevel.reschedule(task, outcome.Error(error))


class _Poller(trio.abc.Instrument):
    """The sockets that are watched in one Trio run."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self._epoll = select.epoll()
        self._poll = self._epoll.poll
        self._watches: dict[int, EdgeWatch] = {}
        self._pushes: dict[int, Push] = {}
        """What is called once a socket takes more."""
        self._well = trio.CancelScope()
        """Around `run`, until there is a fault."""
        self._fault: BaseException | None = None
        """What nobody was there to hear of, until `run` is."""
        self._token = trio.lowlevel.current_trio_token()

    async def run(self) -> NoReturn:
        """Have Trio's wait end whenever a socket has something, for as long as the run lasts."""
        try:
            with self._well:
                while True:
                    await trio.lowlevel.wait_readable(self._epoll.fileno())
            assert self._fault is not None
            raise self._fault
        finally:
            trio.lowlevel.remove_instrument(self)
            self._epoll.close()

    def before_io_wait(self, timeout: float) -> None:  # noqa: ARG002 - Trio's word for a turn's end
        """Send what was posted in this turn."""
        try:
            self.outbox.flush()
        except BaseException as error:  # noqa: BLE001 - see `_fail`
            self._fail(error)

    def after_io_wait(self, timeout: float) -> None:  # noqa: ARG002 - Trio's word for a turn's begin
        """Tell of edges: here, since all that Trio does until a task runs would be waited for."""
        try:
            self._tell()
        except BaseException as error:  # noqa: BLE001 - see `_fail`
            self._fail(error)

    def _fail(self, fault: BaseException) -> None:
        """End the run by `fault`: Trio would log it and ask us no more, and nobody would wonder."""
        if self._fault is None:
            self._fault = fault
        # In a turn of its own: the one that ends may wait for long, with nothing to end that.
        self._token.run_sync_soon(self._well.cancel)

    def _tell(self) -> None:
        # Nobody opens a socket between the look and the telling, so that no descriptor
        # can be another's by then. But what one takes may close another: the end of
        # a relay closes both of its sockets.
        came = self._poll(0, _EVENTS_MAX)
        if not came:
            return
        self.outbox.heard_of(len(came))
        watches = self._watches
        for fd, events in came:
            if events & _WRITABLE:
                self._push(fd)
            watched = watches.get(fd)
            if watched is not None and events & ~_WRITABLE:
                watched.tell(ended=bool(events & _ENDED))

    def watch(self, fd: int) -> EdgeWatch:
        """Watch `fd` from now on; what is there already counts as having come."""
        watched = EdgeWatch(self, fd)
        self._watches[fd] = watched
        self._epoll.register(fd, _EDGES)
        return watched

    def forget(self, fd: int, watched: EdgeWatch) -> None:
        """Watch `fd` no longer, which is open still: the next socket may have its number."""
        if self._watches.get(fd) is watched:
            del self._watches[fd]
            self._pushes.pop(fd, None)
            if not self._epoll.closed:
                self._epoll.unregister(fd)

    def when_writable(self, fd: int, push: Push) -> None:
        """Call `push` whenever `fd`, which is watched, takes more, until it returns True."""
        self._pushes[fd] = push
        self._epoll.modify(fd, _EDGES | _WRITABLE)

    def _push(self, fd: int) -> None:
        push = self._pushes.get(fd)
        if push is not None and push():
            del self._pushes[fd]
            self._epoll.modify(fd, _EDGES)


_poller: trio.lowlevel.RunVar[_Poller | None] = trio.lowlevel.RunVar("readiness", None)

if hasattr(select, "epoll"):
    _ENDED: Final = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
    _EDGES: Final = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
    _WRITABLE: Final = select.EPOLLOUT
