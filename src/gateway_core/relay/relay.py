"""Two ends of a WebSocket, and what passes between them.

           a Close, a loss, a flaw, or the end of a time         both hung up
    OPEN --------------------------------------------> CLOSING ---------------> DONE
      |                                                                           ^
      +------------------------- both lost, or abandoned -------------------------+

What is told of is passed on, fragment by fragment (RFC 6455, 5.4); what it says never comes
here. Each side is sent one Close at most, and nothing behind it. A Close goes on to the other
side, whose answer comes back; where one side is at fault, or lost, the other is told on its
behalf, and a side at fault hears its verdict once the other has answered, behind all that the
other still had to say.

A Close of ours stands between two frames. Where what a side was sent ends inside of one, the
Close waits for the rest, and if that never comes, the transport is cut.

    waiting for                              at most           then
    a frame, either way                      idle_timeout      1001 to both
    a sign of life                           ping_interval     a ping; as long again: it is lost
    the bucket to fill, where clients wait   its rate          the messages pass
    both ends to close                       close_timeout     they are hung up on

Source: RFC 6455, sections 5.5, 7.1 and 7.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from ..clock import NEVER, Duration, Instant, after
from ..frames import (
    ABNORMAL,
    CLIENT,
    OTHER,
    UPSTREAM,
    Close,
    CloseCame,
    FramesCame,
    PongCame,
    Side,
    StreamBroke,
)
from ..machine import Tick
from .end import End
from .phases import MOVES, Phase
from .rules import Pace, RelayRules
from .vocabulary import (
    ABANDONED,
    IDLE,
    ON_BEHALF,
    TOO_FAST,
    Abandoned,
    Command,
    Drop,
    EndAsked,
    Event,
    Finish,
    Flowed,
    HangUp,
    Outcome,
    Pass,
    SendClose,
    SendPing,
    SideLost,
    Stalled,
)

_OPEN: Final = Phase.OPEN
_DONE: Final = Phase.DONE

GATEWAY: Final = "gateway"

PASS: Final = {side: (Pass(side),) for side in Side}
"""What is nearly always commanded, and always by these very objects."""
_DROP: Final = {side: (Drop(side),) for side in Side}


@dataclass(slots=True)
class Relay:
    """One WebSocket. Make it by `opened`. See the module's diagram."""

    rules: RelayRules
    tag: bytes
    """How the payload of our pings begins: nobody else's does."""
    pings: frozenset[Side]
    """The sides that can be sent a ping."""
    _client: End
    _upstream: End
    _pace: Pace | None
    _active: Instant
    """When the last frame came that was not about our own pings."""
    phase: Phase = Phase.OPEN
    _pinged: int = 0
    _stalled_at: Instant = NEVER
    """Since when one of both, or the one and then the other, takes nothing; NEVER: none is."""
    _parked: FramesCame | None = None
    """What the client sent too fast, until `_parked_until`."""
    _parked_until: Instant = NEVER
    _end_at: Instant = NEVER
    _ending: Close = IDLE
    _close_by: Instant = NEVER
    _closed_by: str = ""
    _code: int = 0

    @classmethod
    def opened(
        cls, rules: RelayRules, tag: bytes, now: Instant, pings: frozenset[Side] = frozenset(Side)
    ) -> "Relay":
        """Return a relay whose both sides have just been opened."""
        pace = None if rules.rate is None else Pace(rules.rate)
        return cls(rules, tag, pings, End(now), End(now), pace, now)

    @property
    def done(self) -> bool:
        return self.phase is _DONE

    @property
    def waits(self) -> bool:
        """Whether the client is not to be read, since it was too fast."""
        return self._parked is not None

    @property
    def outcome(self) -> Outcome:
        """What is to be told of it, once it is done."""
        return Outcome(
            self._client.messages,
            self._upstream.messages,
            self._client.payload,
            self._upstream.payload,
            self._closed_by,
            self._code,
            self._client.code,
            self._upstream.code,
        )

    @property
    def deadline(self) -> Instant:
        """When to say Tick. Frames that pass move it further away, never nearer."""
        if self.phase is not _OPEN:
            return min(self._close_by, self._parked_until)
        pings = self._ping_at(CLIENT), self._ping_at(UPSTREAM)
        return min(self._end_at, self._parked_until, self._idle_at, *pings)

    def receive(self, event: Event, now: Instant) -> Sequence[Command]:  # noqa: C901 - the one dispatch
        """Take `event` in, and say what to do."""
        if self.phase is _DONE:
            return ()
        match event:
            case FramesCame():
                return self._on_frames(event, now)
            case PongCame():
                return self._on_pong(event, now)
            case CloseCame():
                return self._on_close(event, now)
            case StreamBroke():
                return self._break(event.source, event.close, now)
            case SideLost():
                return self._on_loss(event.source, now)
            case Stalled():
                self._on_stall(event.target, now)
            case Flowed():
                self._on_flow(event.target, now)
            case EndAsked():
                self._on_end_asked(event, now)
            case Abandoned():
                return self._on_abandoned()
            case Tick():
                return self._on_deadline(now) if now >= self.deadline else ()
            case _:
                assert_never(event)
        return ()

    # What passes.

    def _on_frames(self, event: FramesCame, now: Instant) -> Sequence[Command]:
        source = event.source
        if source is CLIENT:
            here, there = self._client, self._upstream
        else:
            here, there = self._upstream, self._client
        here.heard = self._active = now
        here.pinged = NEVER
        if there.gone or there.told is not None:
            return _DROP[source]
        if self._pace is not None and source is CLIENT:
            wait = self._pace.wait(event.messages + event.pings, now)
            if wait:
                return self._on_haste(event, wait, now)
        here.messages += event.messages
        here.payload += event.payload
        there.inside = not event.whole
        if there.owed is not None and event.whole:
            return (Pass(source), *self._pay(OTHER[source], there.owed))
        return PASS[source]

    def _on_haste(self, event: FramesCame, wait: int, now: Instant) -> Sequence[Command]:
        if self.rules.rate_waits:
            assert self._parked is None, "a client that waits is not read"
            self._parked, self._parked_until = event, after(now, wait)
            return ()
        # The rest of a frame that was begun has to pass, and what came with it does.
        upstream = self._upstream
        first: tuple[Command, ...] = (Drop(CLIENT),)
        if upstream.inside:
            first = (Pass(CLIENT),)
            self._client.messages += event.messages
            self._client.payload += event.payload
            upstream.inside = not event.whole
        return (*first, *self._break(CLIENT, TOO_FAST, now))

    def _on_pong(self, event: PongCame, now: Instant) -> Sequence[Command]:
        source = event.source
        here, there = self._end(source), self._end(OTHER[source])
        here.heard, here.pinged = now, NEVER
        if event.payload.startswith(self.tag) or there.deaf:
            return _DROP[source]
        self._active = now
        return PASS[source]

    def _on_stall(self, target: Side, now: Instant) -> None:
        self._stalled_at = min(self._stalled_at, now)
        self._end(target).stalled = True

    def _on_flow(self, target: Side, now: Instant) -> None:
        self._end(target).stalled = False
        if self._stalled_at == NEVER or self._client.stalled or self._upstream.stalled:
            return
        # The one was not read meanwhile, and what the other was to answer had not gone out.
        time = Duration(now - self._stalled_at)
        self._stalled_at = NEVER
        self._active = min(after(self._active, time), now)
        self._client.excuse(time, now)
        self._upstream.excuse(time, now)

    # How it ends.

    def _on_close(self, event: CloseCame, now: Instant) -> Sequence[Command]:
        here = self._end(event.source)
        if here.gone:
            return ()
        here.closed, here.heard = event.close, now
        self._begin_closing(event.source.value, event.close.code, now)
        return self._settled(self._say(OTHER[event.source], event.close))

    def _break(self, source: Side, verdict: Close, now: Instant) -> Sequence[Command]:
        """Let the source, which broke a rule, hear of it once the other side has closed."""
        here, there = self._end(source), self._end(OTHER[source])
        if here.silent or here.gone:
            return ()
        here.silent, here.verdict = True, verdict
        self._begin_closing(GATEWAY, verdict.code, now)
        commands = self._say(OTHER[source], ON_BEHALF[source])
        if there.gone or there.closed is not None:
            commands += self._say(source, verdict)
        return self._settled(commands)

    def _on_loss(self, source: Side, now: Instant) -> Sequence[Command]:
        here, there = self._end(source), self._end(OTHER[source])
        if here.gone:
            return ()
        here.lost = here.closed is None
        self._begin_closing(source.value, ABNORMAL, now)
        commands = [self._hang_up(source, cut=True)]
        if there.inside and not there.deaf:
            # What was begun cannot be ended, and a Close in the middle would be its payload.
            commands.append(self._hang_up(OTHER[source], cut=True))
        else:
            commands += self._say(OTHER[source], ON_BEHALF[source])
        return self._settled(commands)

    def _close_both(self, close: Close, now: Instant) -> Sequence[Command]:
        self._begin_closing(GATEWAY, close.code, now)
        return self._settled([command for side in Side for command in self._say(side, close)])

    def _on_end_asked(self, event: EndAsked, now: Instant) -> None:
        end_at = after(now, event.wait)
        if end_at < self._end_at:
            self._end_at, self._ending = end_at, event.close

    def _on_abandoned(self) -> Sequence[Command]:
        self._note_end(GATEWAY, ABANDONED.code)
        return self._end_at_once(ABANDONED)

    def _end_at_once(self, close: Close | None = None) -> Sequence[Command]:
        """Hang up on both, with a last word where one is due and can be said."""
        commands: list[Command] = []
        for side in Side:
            end = self._end(side)
            if end.gone:
                continue
            if end.told is None and not end.inside:
                commands += self._say(side, close or end.closed or ON_BEHALF[OTHER[side]])
                end.silent = True
            commands.append(self._hang_up(side, cut=not end.finished))
        return self._settled(commands)

    def _say(self, side: Side, close: Close) -> list[Command]:
        """Send a Close to a side that had none, now or at the end of the frame it is inside of."""
        end = self._end(side)
        if end.deaf or end.owed is not None:
            return []
        close = end.verdict or close
        if end.inside:
            end.owed = close
            return [Finish(OTHER[side])]
        end.told = close
        return [SendClose(side, close)]

    def _pay(self, side: Side, owed: Close) -> Sequence[Command]:
        """Send the Close that had to wait."""
        end = self._end(side)
        end.owed = None
        return self._settled(self._say(side, owed))

    def _hang_up(self, side: Side, *, cut: bool) -> Command:
        self._end(side).gone = True
        return HangUp(side, cut)

    def _settled(self, commands: list[Command]) -> Sequence[Command]:
        """Add what follows: who has heard and said all is hung up on."""
        if self._parked is not None and self._upstream.deaf:
            self._parked, self._parked_until = None, NEVER
            commands.append(Drop(CLIENT))
        for side in Side:
            end = self._end(side)
            if end.finished and not end.gone:
                commands.append(self._hang_up(side, cut=False))
        if self._client.gone and self._upstream.gone:
            self._move_to(_DONE)
            self._close_by = NEVER
            assert self._parked_until == NEVER, "its upstream is deaf"
        return commands

    # Time.

    @property
    def _idle_at(self) -> Instant:
        return after(self._active, self.rules.idle_timeout) if self._stalled_at == NEVER else NEVER

    def _ping_at(self, side: Side) -> Instant:
        """Return when a side is to be sent a ping, or is lost since it did not answer one."""
        end = self._end(side)
        if self._stalled_at < NEVER or self._parked is not None or side not in self.pings:
            return NEVER
        since = end.heard if end.pinged == NEVER else end.pinged
        return after(since, self.rules.ping_interval)

    def _on_deadline(self, now: Instant) -> Sequence[Command]:
        if now >= self._close_by:
            return self._end_at_once()
        if now >= self._parked_until:
            return self._unpark(now)
        if now >= self._end_at:
            return self._close_both(self._ending, now)
        if now >= self._idle_at:
            return self._close_both(IDLE, now)
        return self._ping(CLIENT if now >= self._ping_at(CLIENT) else UPSTREAM, now)

    def _ping(self, side: Side, now: Instant) -> Sequence[Command]:
        end = self._end(side)
        if end.pinged < NEVER:
            return self._on_loss(side, now)
        if end.inside:
            end.heard = now  # no room for a ping: asked again later
            return ()
        end.pinged = now
        self._pinged += 1
        return (SendPing(side, self.tag + self._pinged.to_bytes(4, "big")),)

    def _unpark(self, now: Instant) -> Sequence[Command]:
        event = self._parked
        assert event is not None
        self._parked, self._parked_until = None, NEVER
        return self._on_frames(event, now)

    def _begin_closing(self, by: str, code: int, now: Instant) -> None:
        if self.phase is _OPEN:
            self._move_to(Phase.CLOSING)
            self._close_by = after(now, self.rules.close_timeout)
            self._note_end(by, code)

    def _note_end(self, by: str, code: int) -> None:
        if not self._closed_by:
            self._closed_by, self._code = by, code

    def _end(self, side: Side) -> End:
        return self._client if side is CLIENT else self._upstream

    def _move_to(self, phase: Phase) -> None:
        assert (self.phase, phase) in MOVES, (self.phase, phase)
        self.phase = phase
