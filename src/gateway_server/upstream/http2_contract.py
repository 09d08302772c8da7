"""What an HTTP/2 connection knows of the calls on it, and of whose it is. Nothing here waits."""

from typing import TYPE_CHECKING, Protocol, TypeAlias

from .contract import CallFailedError
from .turns import Waiters

if TYPE_CHECKING:
    from .http2_connection import Http2Connection

Lines: TypeAlias = list[tuple[bytes, bytes]]


class Call(Protocol):
    """A call, as its connection sees it."""

    @property
    def waiters(self) -> Waiters:
        """Its tasks that are parked."""
        ...

    def informed(self, lines: Lines) -> None:
        """Take in the head of an interim answer."""
        ...

    def answered(self, lines: Lines) -> None:
        """Take in the head of the answer."""
        ...

    def arrived(self, data: bytes, used: int) -> None:
        """Take in some of its body, which used up `used` bytes of the windows."""
        ...

    def trailed(self, lines: Lines) -> None:
        """Take in what trails it."""
        ...

    def completed(self) -> None:
        """Hear that the answer is complete."""
        ...

    def failed(self, failure: CallFailedError, *, unprocessed: bool = False) -> None:
        """Hear that nothing more comes; `unprocessed`: nor has the endpoint acted upon it."""
        ...


class Owner(Protocol):
    """Whose connection it is."""

    def room_made(self) -> None:
        """Hear that a further call may find place."""
        ...

    def gone(self, connection: "Http2Connection") -> None:
        """Hear that it is closed."""
        ...
