"""From what the cache says to what is commanded."""

from ..caching.answering import Answer
from ..clock import Duration
from ..forwarding import REQUEST_ID
from ..message import Fields
from .commands import Command, Respond
from .outcomes import Keep, Serve
from .reuse import Reuse
from .storage import KeepBody, SendStored


def keeping(told: Serve | Keep, reuse: Reuse, idle_timeout: Duration) -> tuple[Command, ...]:
    """Return the command to read in the body of an answer that has just come."""
    if isinstance(told, Keep):
        return (KeepBody(told.entry.body, reuse.policy.max_entry, idle_timeout),)
    return ()


def sending(told: Serve | Keep, answer: Answer) -> SendStored | Respond:
    """Return the command to send `answer`, which is made of what is stored."""
    head, span = answer
    if span is None:
        return Respond(head, b"", close=False)
    return SendStored(head, told.entry.body, span.start, span.end)


def request_id_line(request_id: str) -> Fields:
    """Return the field that names the request on its answer; what is stored has none."""
    return ((REQUEST_ID, request_id.encode("ascii")),)
