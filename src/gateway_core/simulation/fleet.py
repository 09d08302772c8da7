"""Endpoints that fail in every way, and clients that do: performers of an exchange.

Chances are "one in so many": 0 means never. Times are at most so long, drawn
evenly.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..chance import Dice, one_in
from ..clock import MILLISECOND, Duration, UnixTime
from ..errors import FailureKind
from ..exchange import (
    AskAuthority,
    BodyEnded,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    Compose,
    Composed,
    Cut,
    Event,
    Exchange,
    IdentityUnavailable,
    Inform,
    InquiryEnded,
    InterimSent,
    PassTrailers,
    Policies,
    RequestArrived,
    RequestBodyRead,
    RequestBodySent,
    Respond,
    ResponseBodyRead,
    ResponseBodySent,
    Stage,
    StreamBody,
    SwitchProtocols,
    TokenVerified,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
    UpstreamInformed,
    VerifyToken,
)
from ..message import RequestHead, ResponseHead
from .conversation import Conversation, Reply
from .world import World


@dataclass(frozen=True, slots=True)
class EndpointHabits:
    """How an endpoint behaves."""

    refuses: int = 0
    resets: int = 0
    swallows: int = 0
    """Takes the request and never answers."""
    hints: int = 0
    """Sends an interim answer before its own."""
    errs: int = 0
    """Answers 503."""
    breaks: int = 0
    """Dies in the middle of its answer."""
    stalls: int = 0
    """Stops in the middle of its answer, and stays connected."""
    connect_max: Duration = Duration(2 * MILLISECOND)
    think_max: Duration = Duration(40 * MILLISECOND)
    piece_max: Duration = Duration(5 * MILLISECOND)
    pieces: int = 3


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
    endpoints: EndpointHabits = EndpointHabits()
    clients: ClientHabits = ClientHabits()
    endings: list[Ending] = field(default_factory=list[Ending])
    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    def request(self, head: RequestHead) -> None:
        """Let a client send `head` now."""
        name = f"x{len(self.endings)}"
        exchange, ending = Exchange(self.policies), Ending()
        self.exchanges.append(exchange)
        self.endings.append(ending)
        head = replace(head, body=sum(self.clients.body))
        talk = _Talk(self, exchange, ending, name)
        talk.conversation.begin(RequestArrived(head, name))
        if _happens(self.world.dice, self.clients.leaves):
            self.world.soon(_draw(self.world.dice, self.clients.patience_max), talk.leave)


class _Talk:
    """Performs the commands of one exchange."""

    def __init__(self, fleet: Fleet, exchange: Exchange, ending: Ending, name: str) -> None:
        self._world, self._ending = fleet.world, ending
        self._server, self._client = fleet.endpoints, fleet.clients
        self.conversation: Conversation[Event, Command] = Conversation(
            fleet.world, name, exchange, self._perform
        )

    def leave(self) -> None:
        if not self.conversation.machine.done:
            self._ending.left = True
            self.conversation.tell(ClientLeft())

    def _perform(self, command: Command, reply: Reply[Event]) -> None:
        match command:
            case CallUpstream():
                self._connect(reply)
            case VerifyToken():
                self._soon(self._server.think_max, lambda: reply(InquiryEnded(TokenVerified())))
            case AskAuthority():
                self._soon(
                    self._server.think_max, lambda: reply(InquiryEnded(IdentityUnavailable("down")))
                )
            case Respond():
                self._begin_answer(command.head.status)
                self._ending.whole = True
            case StreamBody():
                self._begin_answer(command.head.status)
                self._stream(self._server.pieces, reply)
            case Compose():  # a fleet has no parts: see `gathering`
                reply(Composed(200, (), b"{}"))
            case Cut():
                assert not self._ending.whole
            case Inform() | PassTrailers():
                raise AssertionError("performed by whoever consulted")
            case SwitchProtocols():
                raise AssertionError("no client of the fleet asks for it")

    def _begin_answer(self, status: int) -> None:
        self._ending.status = status
        self._ending.answers += 1

    def _connect(self, reply: Reply[Event]) -> None:
        dice, server = self._world.dice, self._server
        if _happens(dice, server.refuses):
            self._soon(server.connect_max, lambda: reply(UpstreamFailed(FailureKind.REFUSED)))
        else:
            self._soon(server.connect_max, lambda: self._send(reply))

    def _send(self, reply: Reply[Event]) -> None:
        self.conversation.tell(CallProgressed(Stage.SENDING))
        self._send_piece(0, reply)

    def _send_piece(self, number: int, reply: Reply[Event]) -> None:
        if number == len(self._client.body):
            self.conversation.tell(CallProgressed(Stage.SENT))
            self._think(reply)
            return
        self.conversation.tell(RequestBodySent())
        if not _happens(self._world.dice, self._client.dawdles):
            self._soon(self._server.piece_max, lambda: self._sent_piece(number, reply))

    def _sent_piece(self, number: int, reply: Reply[Event]) -> None:
        self.conversation.tell(RequestBodyRead(self._client.body[number]))
        self._send_piece(number + 1, reply)

    def _think(self, reply: Reply[Event]) -> None:
        dice, server = self._world.dice, self._server
        if _happens(dice, server.swallows):
            return
        if _happens(dice, server.hints):
            self._soon(server.think_max, lambda: self._hint(reply))
        else:
            self._answer(reply)

    def _hint(self, reply: Reply[Event]) -> None:
        interim = UpstreamInformed(ResponseHead(103, (), 0))
        for _ in self.conversation.consult(interim):
            self._ending.hints += 1
        self._soon(self._server.piece_max, lambda: self._hinted(reply))

    def _hinted(self, reply: Reply[Event]) -> None:
        self.conversation.tell(InterimSent())
        self._answer(reply)

    def _answer(self, reply: Reply[Event]) -> None:
        dice, server = self._world.dice, self._server
        if _happens(dice, server.resets):
            self._soon(server.think_max, lambda: reply(UpstreamFailed(FailureKind.RESET)))
            return
        status = 503 if _happens(dice, server.errs) else 200
        answered = UpstreamAnswered(ResponseHead(status, ()), UnixTime(0), UnixTime(0))
        self._soon(server.think_max, lambda: reply(answered))

    def _stream(self, left: int, reply: Reply[Event]) -> None:
        dice, server = self._world.dice, self._server
        if left == 0:
            self._soon(server.piece_max, lambda: self._end(reply))
        elif _happens(dice, server.breaks):
            self._soon(server.piece_max, lambda: reply(UpstreamBroke(FailureKind.RESET)))
        elif not _happens(dice, server.stalls):
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
        self._world.soon(_draw(self._world.dice, most), act)


def _happens(dice: Dice, chances: int) -> bool:
    return chances > 0 and one_in(dice, chances)


def _draw(dice: Dice, most: Duration) -> int:
    return dice.randrange(most + 1)
