"""Endpoints that fail in every way, and clients that do: performers of an exchange.

Each endpoint may have a weather of its own: well for an hour, then down, then flapping.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from ..clock import MILLISECOND, NEVER, SECOND, Duration, Instant, UnixTime
from ..errors import FailureKind
from ..exchange import (
    AskAuthority,
    AwaitFlight,
    BodyEnded,
    CallBeside,
    CallLost,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    Compose,
    Composed,
    Cut,
    DocumentRead,
    DropCall,
    Event,
    Exchange,
    HedgeDue,
    IdentityUnavailable,
    Inform,
    InquiryEnded,
    InterimSent,
    KeepBody,
    PassTrailers,
    Policies,
    ReadDocument,
    ReadRequest,
    Refresh,
    RefreshStarted,
    RequestArrived,
    RequestBodyRead,
    RequestBodySent,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    SendStored,
    StreamBody,
    SwitchProtocols,
    TokenVerified,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
    UpstreamInformed,
    VerifyToken,
)
from ..message import Fields, RequestHead, ResponseHead, UpstreamRequest
from ..upstream import Endpoint
from .calls import OK, WELL, Call, EndpointHabits, Upload, draw, happens
from .conversation import Conversation, Reply
from .shelving import Shelf
from .world import World

EPOCH: Final = 1_000_000_000
"""On the wall, when a world begins."""

Weather: TypeAlias = Sequence[tuple[Instant, EndpointHabits]]
"""Habits, each from its instant on; the latest that has begun counts."""


@dataclass(frozen=True, slots=True)
class ClientHabits:
    """How a client behaves."""

    leaves: int = 0
    patience_max: Duration = Duration(100 * MILLISECOND)
    """When a client that leaves does so."""
    dawdles: int = 0
    """Stops in the middle of sending its body."""
    body: tuple[int, ...] = ()
    """The pieces of the body that it sends, in bytes."""


@dataclass(slots=True)
class Ending:
    """How one exchange ended for its client."""

    status: int = 0
    """0 until an answer began; stays so if the client left before."""
    fields: Fields = ()
    """Of the answer that it was sent."""
    begun: Instant = NEVER
    """When the answer began."""
    body: int = 0
    """Bytes that it was sent of what is stored."""
    whole: bool = False
    hints: int = 0
    """Interim answers that the client was sent."""
    answers: int = 0
    """Heads that the client was sent: never more than one."""
    left: bool = False


@dataclass(slots=True)
class Fleet:
    """Runs exchanges in a world, and keeps how each ended."""

    world: World
    policies: Policies
    endpoints: EndpointHabits = WELL
    """Of all that have none of their own."""
    clients: ClientHabits = ClientHabits()
    weather: Mapping[str, Weather] = field(default_factory=dict[str, Weather])
    """Of endpoints by name: what their habits are from when on."""
    endings: list[Ending] = field(default_factory=list[Ending])
    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    calls: list[Call] = field(default_factory=list[Call])
    """In flight."""
    called: Counter[str] = field(default_factory=Counter[str])
    """How often each endpoint was, by name."""
    origin: Callable[[UpstreamRequest], ResponseHead] = lambda _request: OK
    """What endpoints answer, where they do."""
    shelf: Shelf = field(init=False)
    """What is stored; it is settled after everything that happens."""
    _running: list[Exchange] = field(default_factory=list[Exchange])

    def __post_init__(self) -> None:
        """Let the shelf be settled before anybody looks."""
        self.shelf = Shelf(self.world, self.policies.cache)
        self.world.watchers.insert(0, self.shelf.settle)

    def request(self, head: RequestHead) -> None:
        """Let a client send `head` now."""
        talk = self._talk(Exchange(self.policies))
        head = replace(head, body=sum(self.clients.body))
        talk.conversation.begin(RequestArrived(head, talk.conversation.name))
        if happens(self.world.dice, self.clients.leaves):
            self.world.soon(draw(self.world.dice, self.clients.patience_max), talk.leave)

    def refresh(self, exchange: Exchange) -> None:
        """Let an exchange without a client fetch what is newer."""
        self._talk(exchange).conversation.begin(RefreshStarted())

    def _talk(self, exchange: Exchange) -> "_Talk":
        name, ending = f"x{len(self.endings)}", Ending()
        self.exchanges.append(exchange)
        self._running.append(exchange)
        self.endings.append(ending)
        return _Talk(self, exchange, ending, name)

    @property
    def running(self) -> list[Exchange]:
        """Return the exchanges that are not over."""
        self._running = [exchange for exchange in self._running if not exchange.done]
        return self._running

    @property
    def wall(self) -> UnixTime:
        """Return the time on the wall of this world."""
        return UnixTime(EPOCH + self.world.now // SECOND)

    def habits(self, endpoint: Endpoint) -> EndpointHabits:
        """Return how `endpoint` behaves now."""
        habits = self.endpoints
        for since, then in self.weather.get(endpoint.name, ()):
            if since <= self.world.now:
                habits = then
        return habits


class _Talk:
    """Performs the commands of one exchange."""

    def __init__(self, fleet: Fleet, exchange: Exchange, ending: Ending, name: str) -> None:
        self._fleet, self._world, self._ending = fleet, fleet.world, ending
        self._client = fleet.clients
        self._calls: list[Call] = []
        self._unwelcome: frozenset[int] = frozenset()
        self._server = fleet.endpoints
        """Whose answer is streamed."""
        self._asked_at = fleet.wall
        """When an endpoint was last asked."""
        self._read = 0
        """Pieces of the body that were read from the client; sent again, they are not read."""
        self.conversation: Conversation[Event, Command] = Conversation(
            fleet.world, name, exchange, self._perform
        )

    def leave(self) -> None:
        if not self.conversation.machine.done:
            self._ending.left = True
            self.conversation.tell(ClientLeft())
            self._cancel_calls()

    def _perform(self, command: Command, reply: Reply[Event]) -> None:  # noqa: C901, PLR0912 - the one dispatch
        self._cancel_calls()  # whatever was in flight has ended, or was overtaken
        match command:
            case CallUpstream():
                self._call(command, reply)
                if command.hedge_after is not None:
                    # Of a call that has ended meanwhile, nobody asks any more.
                    (first,) = self._calls
                    self._world.soon(command.hedge_after, lambda: self._hedge(first, reply))
            case CallBeside() | Inform() | PassTrailers():
                raise AssertionError("performed by whoever consulted")
            case DropCall():
                pass
            case VerifyToken():
                self._soon(self._server.think_max, lambda: reply(InquiryEnded(TokenVerified())))
            case AskAuthority():
                self._soon(
                    self._server.think_max, lambda: reply(InquiryEnded(IdentityUnavailable("down")))
                )
            case Respond():
                self._begin_answer(command.head)
                self._ending.whole = True
            case StreamBody():
                self._begin_answer(command.head)
                self._stream(self._server.pieces, reply)
            case ReadDocument() | ReadRequest():
                self._soon(self._server.think_max, lambda: reply(DocumentRead({}, 2)))
            case Compose():  # a fleet has no parts: see `gathering`
                reply(Composed(200, (), b"{}"))
            case Cut():
                assert not self._ending.whole
            case AwaitFlight():
                self._fleet.shelf.wait(command.flight, self.conversation, reply)
            case KeepBody():
                self._fleet.shelf.keep(command, self._server)
            case SendStored():
                self._begin_answer(command.head)
                self._fleet.shelf.read(command, self.conversation, self._ending, reply)
            case Refresh():
                assert isinstance(command.exchange, Exchange)
                self._fleet.refresh(command.exchange)
            case SwitchProtocols():
                raise AssertionError("no client of the fleet asks for it")

    def _begin_answer(self, head: ResponseHead) -> None:
        self._ending.status, self._ending.fields = head.status, head.fields
        self._ending.begun = self._world.now
        self._ending.answers += 1

    def _cancel_calls(self) -> None:
        for call in self._calls:
            call.cancel()
        self._calls = []

    def _hedge(self, first: Call, reply: Reply[Event]) -> None:
        if first.over:
            return
        for command in self.conversation.consult(HedgeDue()):
            assert isinstance(command, CallBeside)
            self._unwelcome = command.unwelcome
            self._call(command.call, reply, hedge=True)

    def _call(self, command: CallUpstream, reply: Reply[Event], *, hedge: bool = False) -> None:
        fleet, endpoint = self._fleet, command.endpoint
        server = fleet.habits(endpoint)

        def ended(outcome: ResponseHead | FailureKind) -> None:
            self._on_call_ended(call, server, outcome, reply)

        asides = None if command.hedge_after is not None or hedge else self._hint
        upload, request = self._upload(hedge=hedge), command.request
        call = Call(fleet.world, fleet.calls, endpoint, server, upload, ended, asides, hedge)
        call.answer = lambda: fleet.origin(request)
        self._asked_at = fleet.wall
        fleet.called[endpoint.name] += 1
        self._calls.append(call)
        call.connect()

    def _upload(self, *, hedge: bool) -> Upload:
        return Upload(
            self._client.body,
            lambda stage: self.conversation.tell(CallProgressed(stage, hedge)),
            self._read_piece,
        )

    def _hint(self) -> Callable[[], None]:
        """Pass an interim answer on; return how to say that the client has it."""
        for _ in self.conversation.consult(UpstreamInformed(ResponseHead(103, (), 0))):
            self._ending.hints += 1
        return lambda: self.conversation.tell(InterimSent())

    def _read_piece(self, number: int) -> bool:
        """Have the piece of the body that is to be sent next; tell whether the client gave it."""
        if number < self._read:
            return True
        self.conversation.tell(RequestBodySent())
        if happens(self._world.dice, self._client.dawdles):
            return False
        self._read = number + 1
        self.conversation.tell(RequestBodyRead(self._client.body[number]))
        return True

    def _on_call_ended(
        self,
        call: Call,
        server: EndpointHabits,
        outcome: ResponseHead | FailureKind,
        reply: Reply[Event],
    ) -> None:
        self._calls.remove(call)
        if isinstance(outcome, FailureKind):
            if self._calls:
                self.conversation.tell(CallLost(call.hedge, outcome))
            else:
                reply(UpstreamFailed(outcome))
        elif self._calls and outcome.status in self._unwelcome:
            self.conversation.tell(CallLost(call.hedge, None, outcome.status))
        else:
            self._server = server
            wall = self._fleet.wall
            reply(UpstreamAnswered(outcome, self._asked_at, wall, call.hedge))

    def _stream(self, left: int, reply: Reply[Event]) -> None:
        dice, server = self._world.dice, self._server
        if left == 0:
            self._soon(server.piece_max, lambda: self._end(reply))
        elif happens(dice, server.breaks):
            self._soon(server.piece_max, lambda: reply(UpstreamBroke(FailureKind.RESET)))
        elif not happens(dice, server.stalls):
            self._soon(server.piece_max, lambda: self._streamed(left, reply))

    def _streamed(self, left: int, reply: Reply[Event]) -> None:
        if not self.conversation.machine.done:
            self.conversation.tell(ResponseBodyRead(1000))
            self.conversation.tell(ResponseBodySent())
            self._stream(left - 1, reply)

    def _end(self, reply: Reply[Event]) -> None:
        self._ending.whole = not self.conversation.machine.done
        reply(BodyEnded())

    def _soon(self, most: Duration, act: Callable[[], None]) -> None:
        self._world.soon(draw(self._world.dice, most), act)
