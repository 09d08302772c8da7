"""The open WebSockets of one worker: how each is held, and how all of them end."""

import secrets
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from gateway_core.chance import SplitMix
from gateway_core.clock import SECOND, Duration
from gateway_core.frames import CLIENT, GOING_AWAY, NO_BOUND, UPSTREAM, Close, FrameReader, Side
from gateway_core.relay import Relay, RelayRules, drain_wait
from gateway_core.upstream import Upstream

from ..front.contract import Receive, Send
from ..front.wire import Wire as ClientWire
from ..timers import Alarm
from ..upstream.wire import Wire as UpstreamWire
from .carrying import Carrying
from .frame_ends import ClientFrames, UpstreamFrames
from .message_ends import ClientMessages, Load, UpstreamMessages

L = TypeVar("L")

_TAG_BYTES: Final = 8
_DEFAULT: Final = RelayRules()
LEAVING: Final = Close(GOING_AWAY, "the gateway restarts")


class Relays:
    """Opens sockets, and keeps those that are open."""

    def __init__(self, rules: Mapping[str, RelayRules], drain_timeout: Duration) -> None:
        """`rules`: of each route that has its own, by its name."""
        self._rules = rules
        self._drain_timeout = drain_timeout
        self._dice = SplitMix(secrets.randbits(64))
        self._open: dict[Carrying[Any], RelayRules] = {}
        self._draining = False

    def __len__(self) -> int:
        return len(self._open)

    def message_max(self, route: str) -> int:
        """Return how many bytes one message of a route's sockets may have."""
        return self._rules.get(route, _DEFAULT).message_max

    def frames(
        self,
        route: str,
        upstream: Upstream,
        client: tuple[ClientWire, bytes],
        server: tuple[UpstreamWire, bytes],
        alarm: Alarm,
        *,
        deflated: bool,
    ) -> Carrying[bytes]:
        """Join a client's wire and an upstream's, both behind their 101, frame by frame.

        With each wire comes what came behind its handshake.
        """
        rules = self._rules.get(route, _DEFAULT)
        # Where messages are counted, each is judged by itself: none too many, none too few.
        burst = NO_BOUND if rules.rate is None else 1
        here = ClientFrames(
            client[0], FrameReader(CLIENT, rules.message_max, deflated, burst), client[1]
        )
        there = UpstreamFrames(
            server[0],
            FrameReader(UPSTREAM, rules.message_max, deflated),
            server[1],
            upstream.idle_timeout / SECOND,
        )
        return self._opened(Carrying(self._machine(rules, alarm), here, there, alarm), rules)

    def messages(
        self,
        route: str,
        upstream: Upstream,
        client: tuple[Receive, Send],
        server: tuple[UpstreamWire, bytes],
        alarm: Alarm,
    ) -> Carrying[Load]:
        """Join an accepted WebSocket of ASGI and an upstream's wire, message by message."""
        rules = self._rules.get(route, _DEFAULT)
        here = ClientMessages(*client, rules.message_max)
        there = UpstreamMessages(*server, rules.message_max, upstream.idle_timeout / SECOND)
        machine = self._machine(rules, alarm, pings=frozenset({UPSTREAM}))
        return self._opened(Carrying(machine, here, there, alarm), rules)

    def _machine(
        self, rules: RelayRules, alarm: Alarm, pings: frozenset[Side] = frozenset(Side)
    ) -> Relay:
        return Relay.opened(rules, secrets.token_bytes(_TAG_BYTES), alarm.now(), pings)

    def _opened(self, carrying: Carrying[L], rules: RelayRules) -> Carrying[L]:
        self._open[carrying] = rules
        if self._draining:
            self._leave(carrying, rules)
        return carrying

    def forget(self, carrying: Carrying[Any]) -> None:
        """Hear that a socket is over."""
        self._open.pop(carrying, None)

    def drain(self) -> None:
        """Have every socket close, each at its moment, and those that are still being opened."""
        self._draining = True
        for carrying, rules in tuple(self._open.items()):
            self._leave(carrying, rules)

    def _leave(self, carrying: Carrying[Any], rules: RelayRules) -> None:
        wait = drain_wait(rules.grace, rules.close_timeout, self._drain_timeout, self._dice)
        carrying.end(LEAVING, wait)
