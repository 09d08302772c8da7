"""Control frames: what a Close says, and frames of our own.

Source: RFC 6455, sections 5.3, 5.5 and 7.4; IANA's registry of close codes has 1012 to 1014.
"""

from typing import Final

from .flaws import BAD_CODE, BAD_REASON
from .headers import FIN, MASK, OP_CLOSE, OP_PING
from .vocabulary import CONTROL_PAYLOAD_MAX, NO_STATUS, Close

REASON_BYTES_MAX: Final = CONTROL_PAYLOAD_MAX - 2
"""What a Close has for its reason, beside the code."""

_SENDABLE: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


def may_be_sent(code: int) -> bool:
    """Tell whether a Close frame may bear `code` (RFC 6455, 7.4.2)."""
    return code in _SENDABLE or 3000 <= code <= 4999


def close_flaw(payload: bytes) -> Close | None:
    """Say what is wrong with a Close frame's payload."""
    if not payload:
        return None
    if len(payload) < 2 or not may_be_sent(int.from_bytes(payload[:2], "big")):
        return BAD_CODE
    try:
        payload[2:].decode("utf-8")
    except UnicodeDecodeError:
        return BAD_REASON
    return None


def read_close(payload: bytes) -> Close:
    """Return what a Close frame says whose payload has no flaw."""
    if not payload:
        return Close(NO_STATUS)
    return Close(int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8"))


def close_frame(close: Close, mask: bytes = b"") -> bytes:
    """Return a Close frame; NO_STATUS makes one without a code. A reason too long is cut.

    `mask` is four bytes that nobody can foretell where a client sends it, else b"".
    """
    if close.code == NO_STATUS:
        return _frame(OP_CLOSE, b"", mask)
    assert may_be_sent(close.code), close
    reason = close.reason.encode("utf-8")
    if len(reason) > REASON_BYTES_MAX:
        reason = reason[:REASON_BYTES_MAX].decode("utf-8", "ignore").encode("utf-8")
    return _frame(OP_CLOSE, close.code.to_bytes(2, "big") + reason, mask)


def ping_frame(payload: bytes, mask: bytes = b"") -> bytes:
    """Return a Ping frame. `mask` as for `close_frame`."""
    return _frame(OP_PING, payload, mask)


def _frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    assert len(payload) <= CONTROL_PAYLOAD_MAX
    if not mask:
        return bytes((FIN | opcode, len(payload))) + payload
    return bytes((FIN | opcode, MASK | len(payload))) + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """Return `payload` with `mask` put on, or taken off (RFC 6455, 5.3)."""
    count = len(payload)
    keys = (mask * (count // 4 + 1))[:count]
    both = int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")
    return both.to_bytes(count, "big")
