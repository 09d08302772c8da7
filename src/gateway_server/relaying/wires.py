"""Wires to upstreams behind their 101, as both roads read and write them."""

from typing import Final

import trio

from ..upstream.wire import Buffers, Wire

MASK_BYTES: Final = 4
"""Of a frame that a client sends: unforeseeable ones (RFC 6455, 5.3)."""


async def read_some(wire: Wire, *, at_once: bool) -> bytes:
    """Return what comes next, b"" once nothing more does.

    `at_once`: whether something may be here that no readiness tells of, inside of TLS.
    """
    try:
        data = wire.receive_some() if at_once else None
        while data is None:
            await wire.readable()
            data = wire.receive_some()
    except (OSError, trio.ClosedResourceError):
        return b""
    return data


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
