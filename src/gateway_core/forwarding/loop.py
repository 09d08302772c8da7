"""Has this request travelled far enough?

Source: RFC 9110, sections 7.6.2 (Max-Forwards) and 7.6.3 (Via).
"""

from typing import Final

from ..message import Fields, RequestHead, members, value
from ..refusal import Refusal

VIA_MAX: Final = 8
"""Times that our pseudonym may stand in Via. More than once can be right: a route may lead
to another route, and gateways with one pseudonym may stand in a row. A loop never ends."""

MAX_FORWARDS: Final = b"max-forwards"

_MAX_FORWARDS_DIGITS: Final = 9
"""A longer count is sent on as it is: no chain of proxies uses it up."""

LOOPING: Final = Refusal(
    508,
    "loop-detected",
    "The request has passed this gateway before, again and again; "
    "its route leads back to the gateway itself.",
)


def via_loop(fields: Fields, pseudonym: bytes) -> bool:
    """Whether `pseudonym` has received this request VIA_MAX times or more.

    Pseudonyms are compared without regard to case, as host names are.
    """
    if b"via" not in dict(fields):  # in C, and nearly always
        return False
    ours = pseudonym.lower()
    return sum(_received_by(member) == ours for member in members(fields, b"via")) >= VIA_MAX


def _received_by(member: bytes) -> bytes:
    """Return the second word: `1.1 gateway (a comment)`."""
    words = member.split(None, 2)
    return words[1].lower() if len(words) > 1 else b""


def is_last_hop(head: RequestHead) -> bool:
    """Whether Max-Forwards says that we must answer and not forward (OPTIONS alone)."""
    if head.method != "OPTIONS":
        return False
    told = value(head.fields, MAX_FORWARDS)
    return told is not None and told.isdigit() and not told.strip(b"0")


def one_forward_less(told: bytes) -> bytes:
    """Return the Max-Forwards to send on for the one received; nonsense stays nonsense."""
    if not told.isdigit() or len(told) > _MAX_FORWARDS_DIGITS:
        return told
    return b"%d" % max(0, int(told) - 1)
