"""Two sides of a WebSocket that do as they please, and the relay between them.

The first byte chooses the relay's rules, and whether transports push; each pair behind it is something that happens: which of
what is possible then, and how much of it.

Invariant: nothing raises; each side is sent one Close at most, at the end of a frame, and nothing
behind it; whatever is told of is passed on or dropped once; what is counted is what was passed;
once nobody does anything any more, it ends, both sides hung up on, and in time if it was closing.
"""

from typing import Final

from gateway_core.clock import Instant
from gateway_core.relay import Phase
from tests.core.relay.world import RELAYS, World, finish

SEEDS: Final[list[bytes]] = [
    bytes([0, 9, 1, 20, 3, 13, 0]),
    bytes([1, 9, 3, 9, 3, 9, 3, 2, 0, 20, 5]),
    bytes([2, 9, 3, 9, 3, 9, 3, 11, 1, 3, 0, 7, 0]),
    bytes([3, 11, 9, 5, 0, 6, 1, 0, 9, 2, 0]),
    bytes(range(64)),
    bytes([129, 9, 3, 1, 60, 1, 60, 1, 60]),
]


def check(data: bytes) -> None:
    """See the module's docstring."""
    if not data:
        return
    kind = sorted(RELAYS)[data[0] % len(RELAYS)]
    world = World(RELAYS[kind](), pushes=data[0] >= 128)
    closing_since: Instant | None = None
    for what, number in zip(data[1:160:2], data[2:160:2], strict=False):
        possible = world.possible()
        world.happen(possible[what % len(possible)], number % 10)
        world.check()
        if closing_since is None and world.relay.phase is not Phase.OPEN:
            closing_since = world.now
    finish(world, closing_since)
