"""Wires to upstreams behind their 101, as both roads read and write them."""

from typing import Final

import trio

from ..front.wire import Sink
from ..upstream.wire import Buffers, Wire

MASK_BYTES: Final = 4
"""Of a frame that a client sends: unforeseeable ones (RFC 6455, 5.3)."""


async def feed(wire: Wire, sink: Sink, *, at_once: bool) -> bool:
    """Give `sink` what comes, until it wants no more; False: nothing more comes.

    It is called by this task, or within none while this one waits. `at_once`: whether something
    may be here that no readiness tells of, inside of TLS.
    """
    ended = False

    def take() -> bool:
        nonlocal ended
        data = wire.receive_some()
        if data:
            return sink(data)
        ended = data is not None
        return not ended

    try:
        if not at_once or take():
            await wire.taking(take)
    except (OSError, trio.ClosedResourceError):
        return False
    return not ended


async def push_all(wire: Wire, unsent: Buffers, patience: float) -> None:
    """Send all of `unsent`. Raises OSError where it cannot, or nothing goes for `patience` seconds."""
    with trio.CancelScope() as scope:
        written = -1
        while True:
            if wire.send_some(unsent):
                return
            if wire.written != written:
                written = wire.written
                scope.deadline = trio.current_time() + patience
            try:
                await wire.writable()
            except trio.ClosedResourceError as error:
                raise BrokenPipeError("hung up on meanwhile") from error
    raise TimeoutError("the upstream takes no more")
