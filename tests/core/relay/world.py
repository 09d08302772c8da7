"""Two sides that do as they please, a relay between them, and what is promised of it."""

from dataclasses import dataclass, field

from gateway_core.clock import NEVER, SECOND, Instant, after
from gateway_core.frames import OTHER, Close, CloseCame, FramesCame, PongCame, Side, StreamBroke
from gateway_core.machine import Tick
from gateway_core.relay import (
    Abandoned,
    Command,
    Drop,
    EndAsked,
    Event,
    Finish,
    Flowed,
    HangUp,
    Pass,
    Phase,
    Relay,
    SendClose,
    SendPing,
    SideLost,
    Stalled,
)
from tests.core.relay.relays import RULES, TAG, limited, opened

NEVER_WRITTEN = {1006, 1015}


@dataclass
class Peer:
    """One side, its reader of frames, and the driver's task that reads it."""

    inside: bool = False
    """Whether it has begun a frame, all of which so far was told."""
    ended: bool = False
    """Whether its reader reads no more."""
    finishing: bool = False
    waiting: FramesCame | PongCame | None = None
    """What was told, and neither passed on nor dropped."""
    stalled: bool = False
    hung_up: bool = False
    closes: list[Close] = field(default_factory=list)
    sent_inside: bool = False
    """Whether what it was sent ends inside a frame."""
    messages: int = 0
    payload: int = 0


class World:
    """Tells a relay what can happen, and checks each command."""

    def __init__(self, relay: Relay, *, pushes: bool = False) -> None:
        """`pushes`: whether transports take nothing at once, but all of it in the same moment."""
        self.relay = relay
        self.pushes = pushes
        self.now = Instant(0)
        self.peers = {side: Peer() for side in Side}

    def tell(self, event: Event) -> None:
        commands = self.relay.receive(event, self.now)
        for command in commands:
            self.perform(command)
        for command in commands if self.pushes else ():
            if isinstance(command, SendClose | SendPing) and not self.peers[command.target].stalled:
                assert not self.relay.receive(Stalled(command.target), self.now)
                assert not self.relay.receive(Flowed(command.target), self.now)

    def perform(self, command: Command) -> None:
        match command:
            case Pass(source):
                self.passed(source)
            case Drop(source):
                assert self.peers[source].waiting is not None
                self.peers[source].waiting = None
            case Finish(source):
                self.peers[source].finishing = True
            case SendClose(target, close):
                peer = self.writable(target)
                assert not peer.sent_inside, "a Close inside of a frame"
                assert close.code not in NEVER_WRITTEN
                peer.closes.append(close)
            case SendPing(target, payload):
                assert not self.writable(target).sent_inside, "a ping inside of a frame"
                assert payload.startswith(TAG)
            case HangUp(target):
                assert not self.peers[target].hung_up
                self.peers[target].hung_up = True

    def writable(self, target: Side) -> Peer:
        peer = self.peers[target]
        assert not peer.closes, "something follows a Close"
        assert not peer.hung_up, "something follows the end"
        return peer

    def passed(self, source: Side) -> None:
        peer, target = self.peers[source], self.writable(OTHER[source])
        told, peer.waiting = peer.waiting, None
        assert told is not None
        if isinstance(told, FramesCame):
            peer.messages += told.messages
            peer.payload += told.payload
            target.sent_inside = not told.whole

    def possible(self) -> list[str]:
        """What may happen next; the reader of a side that waits, or is stalled upon, is silent."""
        found = ["wait", "wait", "tick", "drain", "abandon"]
        for side in Side:
            peer = self.peers[side]
            name = side.value
            if peer.hung_up:
                continue
            found.append(f"{name} lost")
            found.append(f"{name} {'flowed' if peer.stalled else 'stalled'}")
            if peer.ended or peer.waiting is not None or self.peers[OTHER[side]].stalled:
                continue
            if peer.inside:
                found += [f"{name} rest", f"{name} rest", f"{name} more"]
            else:
                found += [f"{name} pong", f"{name} our-pong", f"{name} close", f"{name} broke"]
                if not peer.finishing:
                    found += [f"{name} frames", f"{name} frames", f"{name} begun"]
        return found

    def happen(self, what: str, number: int) -> None:
        if what == "wait":
            self.now = after(self.now, number * SECOND // 2)
            return None
        if what == "tick":
            self.now = max(self.now, min(self.relay.deadline, after(self.now, 100 * SECOND)))
            return self.tell(Tick())
        if what == "drain":
            return self.tell(EndAsked(Close(1001), number * SECOND))
        if what == "abandon":
            return self.tell(Abandoned()) if number == 0 else None
        name, _, deed = what.partition(" ")
        return self.deed(Side(name), deed, number)

    def deed(self, side: Side, deed: str, number: int) -> None:
        peer = self.peers[side]
        if deed in {"frames", "begun", "rest", "more"}:
            messages = number % 4 if deed in {"frames", "begun"} else 0
            peer.inside = deed in {"begun", "more"}
            peer.waiting = FramesCame(side, messages, number % 2, number, not peer.inside)
            self.tell(peer.waiting)
        elif deed in {"pong", "our-pong"}:
            peer.waiting = PongCame(side, TAG if deed == "our-pong" else b"")
            self.tell(peer.waiting)
        elif deed == "lost":
            peer.ended = True
            self.tell(SideLost(side))
        elif deed in {"stalled", "flowed"}:
            peer.stalled = deed == "stalled"
            self.tell((Stalled if peer.stalled else Flowed)(side))
        else:
            peer.ended = True
            event = CloseCame if deed == "close" else StreamBroke
            self.tell(event(side, Close(1000 + number % 4)))

    def check(self) -> None:
        outcome = self.relay.outcome
        client, upstream = self.peers.values()
        assert (outcome.messages_in, outcome.bytes_in) == (client.messages, client.payload)
        assert (outcome.messages_out, outcome.bytes_out) == (upstream.messages, upstream.payload)
        assert all(len(peer.closes) <= 1 for peer in self.peers.values())
        assert self.relay.done == (client.hung_up and upstream.hung_up)
        if self.relay.done:
            assert self.relay.deadline == NEVER
            assert outcome.closed_by


RELAYS = {
    "unlimited": opened,
    "waits": lambda: limited(waits=True, messages=4),
    "sent away": lambda: limited(waits=False, messages=4),
    "no pings": lambda: opened(pings=frozenset()),
}


def finish(world: World, closing_since: Instant | None) -> None:
    """Nobody does anything any more: it ends, and in time if it was closing."""
    for peer in world.peers.values():
        peer.stalled = False
    for side in Side:
        world.tell(Flowed(side))
    ticks, silent_since = 0, world.now
    while not world.relay.done:
        ticks += 1
        assert ticks < 40
        world.now = max(world.now, world.relay.deadline)
        if closing_since is not None:
            assert world.now <= max(after(closing_since, RULES.close_timeout), world.now)
        elif world.relay.phase is not Phase.OPEN:
            closing_since = world.now
        world.tell(Tick())
        world.check()
    assert all(peer.waiting is None or peer.ended for peer in world.peers.values())
    silence = RULES.idle_timeout + 2 * RULES.ping_interval + RULES.close_timeout
    assert world.now <= after(silent_since, silence), "it outlives both sides' silence"
