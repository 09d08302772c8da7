"""What a process holds, counted: to prove that whatever was taken is given back."""

import gc
import os
from collections import Counter
from dataclasses import dataclass

import trio

from tests.road import PATIENCE, Running

_OURS = ("gateway_server.front", "gateway_server.upstream", "gateway_server.http_edge",
         "gateway_server.downstream", "gateway_core.exchange", "gateway_core.http1")  # fmt: skip
_REMEMBERED = {"_HeadRead"}
"""Heads that were read, kept for the next one that is the same: so many and no more, on purpose."""


@dataclass(frozen=True)
class Books:
    """What is open at one moment."""

    sockets: int
    tasks: int
    values: Counter[str]
    """Connections, streams, exchanges, answers, decoders and the like, by the name of their class."""


def books() -> Books:
    """Count, after what nobody holds was let go of."""
    gc.collect()
    sockets = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            sockets += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except FileNotFoundError:
            pass  # the one by which the folder was read
    values = Counter(
        type(value).__qualname__
        for value in gc.get_objects()
        if type(value).__module__.startswith(_OURS) and type(value).__qualname__ not in _REMEMBERED
    )
    return Books(sockets, trio.lowlevel.current_statistics().tasks_living, values)


def retire(running: Running) -> None:
    """Close the gateway's connections that rest: they are meant to be there."""
    for client in running.app._clients.values():
        for pool in client._pools.values():
            for connection in pool._at_rest:
                connection.rests_until = 0
            pool.sweep()


async def quiet(running: Running) -> Books:
    """Return the books once nothing moves any more."""
    before, now = None, books()
    while before != now:
        retire(running)
        await trio.sleep(0.1)
        before, now = now, books()
    return now


async def balanced(before: Books, running: Running) -> None:
    """Return once the books are as they were; the log line of the last request may be late."""
    now = before
    with trio.move_on_after(PATIENCE):
        while True:
            retire(running)
            now = books()
            if now.sockets <= before.sockets and now.tasks <= before.tasks:
                if not (now.values - before.values):
                    return
            await trio.sleep(0.02)
    more = now.values - before.values
    raise AssertionError(
        f"sockets {before.sockets} -> {now.sockets}, tasks {before.tasks} -> {now.tasks}, {more}"
    )
