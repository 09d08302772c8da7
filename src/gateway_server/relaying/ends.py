"""What a relay's driver asks of each of its two ends. A load is what one end gives the other.

On the frame road a load is bytes, whole frames or parts of one; on the message road it is a
message. A road's two ends speak of the same loads.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from gateway_core.frames import Close, FrameEvent, Side

L = TypeVar("L")
PassOn: TypeAlias = Callable[[FrameEvent | None], bool]
"""Passes on what came: this, and all that `next` tells. False: some of it has to wait."""


class End(Protocol[L]):
    """One side of a WebSocket."""

    @property
    def side(self) -> Side: ...

    # What it says.

    def next(self) -> FrameEvent | None:
        """Return what it said next, None once all that was read is told."""
        ...

    def take(self) -> L:
        """Return what the last FramesCame or PongCame told of."""
        ...

    def finish(self) -> None:
        """Of what it says, tell the rest of a frame that was begun, pongs and its Close alone."""
        ...

    async def read(self, pass_on: PassOn) -> bool:
        """Wait for more; False: nothing more comes. Called once `next` has returned None.

        An end that can, calls `pass_on` itself with what came first, within this task or none,
        and reads on as long as that returns True: then `next` has returned None again.
        """
        ...

    # What it is told.

    def put(self, load: L) -> L | None:
        """Send what goes without waiting; return what is left, None for nothing."""
        ...

    async def push(self, rest: L) -> None:
        """Send all of what `put` left. Raises OSError where it cannot, or takes too long."""
        ...

    def close_load(self, close: Close) -> L:
        """Return what tells a Close: the last that is put."""
        ...

    def ping_load(self, payload: bytes) -> L:
        """Return a ping."""
        ...

    # How it ends. Nothing here waits.

    def hang_up(self) -> None:
        """Let go of it in order: all that it was told is sent."""
        ...

    def cut(self) -> None:
        """Let go of it at once, so that it shows; reads and writes that wait end."""
        ...
