"""One call of a simulated endpoint: connect, send, think, answer, and everything that goes wrong.

Chances are "one in so many": 0 means never. Times are at most so long, drawn evenly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..chance import Dice, one_in
from ..clock import MILLISECOND, Duration
from ..errors import FailureKind
from ..exchange import Stage
from ..message import ResponseHead
from ..upstream import Endpoint
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
    bears: int = 0
    """Calls at once, beyond which it thinks longer in proportion; 0: any number."""
    connect_max: Duration = Duration(2 * MILLISECOND)
    think_max: Duration = Duration(40 * MILLISECOND)
    piece_max: Duration = Duration(5 * MILLISECOND)
    pieces: int = 3


WELL: Final = EndpointHabits()
OK: Final = ResponseHead(200, ())
ERROR: Final = ResponseHead(503, ())


@dataclass(frozen=True, slots=True)
class Upload:
    """The request's body, and whom to tell how far it is."""

    pieces: Sequence[int]
    """Bytes each."""
    progress: Callable[[Stage], None]
    have: Callable[[int], bool]
    """Has the piece of that number at hand; tells whether there will be one."""


@dataclass(slots=True, eq=False)
class Call:
    """See the module's docstring. `ended` is told how, once, unless it is cancelled."""

    world: World
    in_flight: list["Call"]
    """All calls of the world; this one is among them while it lasts."""
    endpoint: Endpoint
    server: EndpointHabits
    upload: Upload
    ended: Callable[[ResponseHead | FailureKind], None]
    hint: Callable[[], Callable[[], None]] | None = None
    """Passes an interim answer on, and returns how to say that the client has it."""
    hedge: bool = False
    answer: Callable[[], ResponseHead] = lambda: OK
    """Makes the answer, of what is so before the endpoint thinks, unless it errs."""
    over: bool = False

    def connect(self) -> None:
        """Begin."""
        self.in_flight.append(self)
        if happens(self.world.dice, self.server.refuses):
            self._soon(self.server.connect_max, lambda: self._end(FailureKind.REFUSED))
        else:
            self._soon(self.server.connect_max, self._send)

    def cancel(self) -> None:
        """End it without a word. Twice is once."""
        if not self.over:
            self.over = True
            self.in_flight.remove(self)

    def _send(self) -> None:
        self.upload.progress(Stage.SENDING)
        self._send_piece(0)

    def _send_piece(self, number: int) -> None:
        if number == len(self.upload.pieces):
            self.upload.progress(Stage.SENT)
            self._think()
        elif self.upload.have(number) and not self.over:
            self._soon(self.server.piece_max, lambda: self._send_piece(number + 1))

    def _think(self) -> None:
        dice, server = self.world.dice, self.server
        if happens(dice, server.swallows):
            return
        if self.hint is not None and happens(dice, server.hints):
            hint = self.hint
            self._soon(server.think_max, lambda: self._inform(hint))
        else:
            self._answer()

    def _inform(self, hint: Callable[[], Callable[[], None]]) -> None:
        sent = hint()

        def go_on() -> None:
            sent()
            self._answer()

        self._soon(self.server.piece_max, go_on)

    def _answer(self) -> None:
        dice, server = self.world.dice, self.server
        think = server.think_max
        if server.bears:
            busy = sum(call.endpoint is self.endpoint for call in self.in_flight)
            think = Duration(think * max(busy, server.bears) // server.bears)
        if happens(dice, server.resets):
            self._soon(think, lambda: self._end(FailureKind.RESET))
            return
        head = ERROR if happens(dice, server.errs) else self.answer()
        self._soon(think, lambda: self._end(head))

    def _end(self, outcome: ResponseHead | FailureKind) -> None:
        self.cancel()
        self.ended(outcome)

    def _soon(self, most: Duration, act: Callable[[], None]) -> None:
        def unless_over() -> None:
            if not self.over:
                act()

        self.world.soon(draw(self.world.dice, most), unless_over)


def happens(dice: Dice, chances: int) -> bool:
    """Whether what happens once in `chances` does now; never, if that is 0."""
    return chances > 0 and one_in(dice, chances)


def draw(dice: Dice, most: Duration) -> int:
    """Return a time from nothing to `most`."""
    return dice.randrange(most + 1)
