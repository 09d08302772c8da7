"""An answer that came in one piece: what nearly every small one is.

It holds nothing: its connection rests in its pool again before anybody has seen it.
"""

from gateway_core.clock import UnixTime
from gateway_core.message import Fields, ResponseHead

from .wire import Wire


class WholeAnswer:
    """A head and all of its body. See `contract.Answer`."""

    __slots__ = ("answered_at", "asked_at", "ended", "head", "whole")

    def __init__(
        self, head: ResponseHead, body: bytes, asked_at: UnixTime, answered_at: UnixTime
    ) -> None:
        self.head = head
        self.whole = body
        self.asked_at = asked_at
        self.answered_at = answered_at
        self.ended = not body

    @property
    def trailers(self) -> Fields:
        """None: what trails a body comes behind its end."""
        return ()

    @property
    def at_hand(self) -> bool:
        """See `contract.Answer.at_hand`."""
        return True

    @property
    def uploading(self) -> bool:
        """Nothing: the request had no body."""
        return False

    async def read(self) -> bytes:
        """See `contract.Answer.read`."""
        if self.ended:
            return b""
        self.ended = True
        return self.whole

    async def finish_upload(self) -> None:
        """Do nothing: the request had no body."""

    def switched(self) -> tuple[Wire, bytes]:
        """Never: behind a 101 there is no body."""
        raise AssertionError(self.head)

    async def aclose(self) -> None:
        """Do nothing: nothing is held."""

    def drop(self) -> None:
        """Do nothing: nothing is held."""
