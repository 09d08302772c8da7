"""Waiting until a socket has something to read, for less than Trio's own wait costs.

Where there is epoll, edges are told (`edges.py`); elsewhere Trio's own wait serves. `watch`
returns whichever there is.
"""

import contextlib
import select
from collections.abc import Awaitable, Callable
from typing import Protocol

import trio

from .edges import Take, watch_edges
from .outbox import Data, Outbox, Outgoing, Push

__all__ = ["Take", "TrioWatch", "Watch", "watch"]


class Watch(Protocol):
    """One socket, as its one reader sees it. Close it before the socket."""

    def readable(self) -> Awaitable[None]:
        """Wait until a read may give something: bytes, the end, or an error.

        It may return for nothing: then the read would block, and is to be followed by
        another wait. A cancelled wait loses nothing.

        Raises trio.ClosedResourceError where the watch is closed meanwhile, and
        trio.BusyResourceError where another task waits already.
        """
        ...

    def taking(self, take: Take) -> Awaitable[None]:
        """Wait as `readable` does, and `take` what comes, until that returns False.

        It is called by this task, or within none while this one waits, and must not wait itself.
        What it raises, the wait raises. It need not be called for something.
        """
        ...

    @property
    def holds(self) -> bool:
        """Whether it knows `hold`, `release`, `wake` and `attend`."""
        ...

    def hold(self) -> None:
        """Let who waits by `taking` wait on, and take nothing, until `release` or `wake`.

        A cancelled wait is held no longer.
        """
        ...

    def release(self) -> None:
        """Take on, first of all what came meanwhile."""
        ...

    def wake(self, error: Exception | None = None) -> None:
        """Have a wait by `taking` return, though nothing came, or raise `error`."""
        ...

    def attend(self, take: Take) -> None:
        """Have `take` called with what comes, while nobody waits, until it returns False.

        Only while nothing has `stirred`. It is called within no task, and must not raise: there
        is nobody to raise it to, so that the run ends. Nobody is to wait before it returned False.
        """
        ...

    def more(self) -> None:
        """Say that the last read took as much as it asked for: more may be there."""
        ...

    @property
    def stirred(self) -> bool:
        """Whether something came, or may have, of which no wait has told; asks nobody for it."""
        ...

    def outgoing(self, send: Callable[[Data], int]) -> Outgoing:
        """Return what small writes by `send`, the socket's own, go through."""
        ...

    def close(self) -> None:
        """Watch no longer, and wake who waits. Safe to call twice, and outside of a run."""
        ...


def watch(fd: int) -> Watch:
    """Watch the socket `fd`, which never blocks, in this Trio run."""
    if not hasattr(select, "epoll"):  # pragma: no cover - not on Linux
        return TrioWatch(fd)
    return watch_edges(fd)


class TrioWatch:
    """Waits as Trio does. See `Watch`."""

    __slots__ = ("_closed", "_fd")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._closed = False

    def readable(self) -> Awaitable[None]:
        return trio.lowlevel.wait_readable(self._fd)  # noqa: ASYNC105 - a frame less to resume

    async def taking(self, take: Take) -> None:
        while True:
            await trio.lowlevel.wait_readable(self._fd)
            if not take():
                return
            if self._closed:  # by what it took: the number may be another socket's by now
                raise trio.ClosedResourceError("closed by what was taken")

    @property
    def holds(self) -> bool:
        """Never: nothing is taken here but by who waits."""
        return False

    def hold(self) -> None:
        raise NotImplementedError

    def release(self) -> None:
        raise NotImplementedError

    def wake(self, error: Exception | None = None) -> None:
        raise NotImplementedError

    def attend(self, take: Take) -> None:
        raise NotImplementedError

    def more(self) -> None:
        """Do nothing: Trio looks at what is there, not at what came."""

    @property
    def stirred(self) -> bool:
        return True

    def outgoing(self, send: Callable[[Data], int]) -> Outgoing:
        """Nobody tells here how many sockets have something to do: nothing ever waits."""
        return Outgoing(Outbox(), send, _nothing_waits)

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(RuntimeError):  # no loop runs any more: nobody waits
            trio.lowlevel.notify_closing(self._fd)


def _nothing_waits(push: Push) -> None:
    raise AssertionError(f"{push}, and nothing was posted")
