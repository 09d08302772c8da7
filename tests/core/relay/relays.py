"""What the tests of relays share: rules with round numbers, and short names."""

from dataclasses import replace

from gateway_core.clock import SECOND, Instant, seconds
from gateway_core.frames import (
    CLIENT,
    UPSTREAM,
    Close,
    CloseCame,
    FramesCame,
    PongCame,
    Side,
    StreamBroke,
)
from gateway_core.limiting import Rate
from gateway_core.machine import Tick
from gateway_core.relay import (
    Abandoned,
    EndAsked,
    Flowed,
    Relay,
    RelayRules,
    SideLost,
    Stalled,
)

TAG = b"ours"
RULES = RelayRules(idle_timeout=seconds(100), ping_interval=seconds(30), close_timeout=seconds(5))
BYE = Close(1000, "bye")


def opened(rules: RelayRules = RULES, pings: frozenset[Side] = frozenset(Side)) -> Relay:
    return Relay.opened(rules, TAG, Instant(0), pings)


def limited(*, waits: bool, messages: int = 3) -> Relay:
    """A relay whose client may send `messages` in `messages` seconds."""
    rate = Rate(messages, seconds(messages))
    rules = replace(RULES, rate=rate, rate_waits=waits)
    return opened(rules)


def message(source: Side = CLIENT, count: int = 1, payload: int = 10) -> FramesCame:
    return FramesCame(source, count, 0, payload, whole=True)


def begun(source: Side = CLIENT, payload: int = 10) -> FramesCame:
    return FramesCame(source, 1, 0, payload, whole=False)


def rest(source: Side = CLIENT, payload: int = 10, *, whole: bool = True) -> FramesCame:
    return FramesCame(source, 0, 0, payload, whole)


def pong(source: Side, payload: bytes = b"theirs") -> PongCame:
    return PongCame(source, payload)


def relay_events(machine: Relay) -> list[object]:
    """What a driver may tell it; a client that waits for its bucket is not read."""
    sources = [UPSTREAM] if machine.waits else [CLIENT, UPSTREAM]
    always: list[object] = [
        Tick(),
        Abandoned(),
        EndAsked(Close(1001), 3 * SECOND),
        *(kind(side) for kind in (SideLost, Stalled, Flowed) for side in Side),
    ]
    return always + [
        event
        for side in sources
        for event in (
            message(side, 2),
            begun(side),
            pong(side),
            pong(side, TAG),
            CloseCame(side, BYE),
            StreamBroke(side, Close(1002)),
        )
    ]
