"""Writes of one turn of the loop, sent together right before the loop waits.

    post, post, post ... the turn ends --> send, send, send --> the loop waits

To send to somebody who sleeps wakes them, which costs the sender more than the sending does;
who has not fallen asleep again since the last one came is woken for nothing. So where several
sockets have something to do in one turn, small writes wait for the turn's end. Where there is
one alone, nobody shares the waking, and nothing waits.

A write that was posted counts as taken, as one counts that the kernel took. What the kernel
then does not take at once goes out when it does, and nothing else is taken before; that the
connection broke is told by the next write. So who must know whether any byte went does not
post ([decision 19](../../docs/decisions/0019-writes-sent-together.md)).
"""

from collections.abc import Callable
from typing import Final, TypeAlias

POSTED_MAX: Final = 16 * 1024
"""Bytes of a write that may wait for the end of a turn: a longer one is worth its waking."""
_JOINED_MAX: Final = 64 * 1024
"""Bytes of several such writes on one socket, which go out as one."""
_TOGETHER_MAX: Final = 64
"""Sockets whose writes wait for one another; more would be late rather than cheap."""
_ALONE: Final = 2
"""Sockets that one exchange has: for it alone nothing is to wait."""

Data: TypeAlias = bytes | memoryview
Push: TypeAlias = Callable[[], bool]
"""Sends what the kernel takes, and tells whether nothing is left to be sent."""


class Outbox:
    """What one Trio run is about to send. Who knows when a turn ends calls `flush`."""

    def __init__(self) -> None:
        self.busy = False
        """Whether several sockets have something to do, in this turn and the last that had any."""
        self._heard_of = 0
        self._posted: list[Outgoing] = []

    def heard_of(self, sockets: int) -> None:
        """Hear how many sockets have something to do in this turn, where any has."""
        # A request alone is two: the client's in one turn, the upstream's in the next.
        self.busy = sockets + self._heard_of > _ALONE
        self._heard_of = sockets

    def post(self, outgoing: "Outgoing") -> None:
        """Have `outgoing` sent by the end of this turn."""
        self._posted.append(outgoing)
        if len(self._posted) >= _TOGETHER_MAX:
            self.flush()

    def flush(self) -> None:
        """Send now what waits. Raises for nothing that a peer can cause."""
        posted = self._posted
        if posted:
            self._posted = []
            for outgoing in posted:
                outgoing.send_posted()


class Outgoing:
    """The writes of one socket that never blocks."""

    __slots__ = ("_error", "_kept", "_outbox", "_posted", "_send", "_when_writable")

    def __init__(
        self, outbox: Outbox, send: Callable[[Data], int], when_writable: Callable[[Push], None]
    ) -> None:
        """`when_writable` calls what it is given whenever the socket takes more, until it is True."""
        self._outbox = outbox
        self._send = send
        self._when_writable = when_writable
        self._kept: Data = b""
        """What was taken and is not sent."""
        self._posted = False
        """Whether that waits for the end of the turn, and not for the kernel."""
        self._error: OSError | None = None
        """What came of what was posted, until somebody asks."""

    @property
    def is_clear(self) -> bool:
        """Whether all that was taken has gone, and nothing broke."""
        return not self._kept and self._error is None

    def take(self, data: Data) -> int:
        """Post `data`, or send what goes; return how many bytes that was, of one write or more.

        Raises OSError where the connection broke, now or under what was posted.
        """
        outbox, kept = self._outbox, self._kept
        if outbox.busy and len(data) <= POSTED_MAX and self._error is None:
            if not kept:
                self._kept = data
                self._posted = True
                outbox.post(self)
                return len(data)
            if self._posted and len(kept) + len(data) <= _JOINED_MAX:
                self._kept = b"".join((kept, data))
                return len(data)
        if not self.is_clear and not self.settle():
            return 0
        try:
            return self._send(data)
        except BlockingIOError:
            return 0

    def settle(self) -> bool:
        """Send now what was taken before; return whether all of that has gone. Raises OSError.

        What was posted, and is left, goes out once the kernel takes it.
        """
        posted, self._posted = self._posted, False
        error, self._error = self._error, None
        if error is not None:
            raise error
        kept = self._kept
        if kept:
            try:
                sent = self._send(kept)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._kept = b""
                raise
            self._kept = kept[sent:]
            if posted and self._kept:
                self._when_writable(self._push)
        return not self._kept

    def take_back(self) -> Data:
        """Return what was taken and is not sent, to be sent by the caller. Raises OSError."""
        if self.settle():
            return b""
        kept, self._kept = self._kept, b""
        return kept

    def send_posted(self) -> None:
        """Send what was posted; the rest once the kernel takes it. That it broke is told later."""
        if self._posted:
            self._push()

    def _push(self) -> bool:
        try:
            return self.settle()
        except OSError as error:
            self._error = error
            return True
