"""What may be wrong with a frame, as the Close that says so. Source: RFC 6455, sections 5 and 7.4."""

from typing import Final

from .headers import CONTROL_KINDS, FIN, LENGTH, MASK, OP_BINARY, OP_TEXT, OPCODE, RSV, RSV1
from .vocabulary import (
    CLIENT,
    CONTROL_PAYLOAD_MAX,
    INVALID_PAYLOAD,
    PROTOCOL_ERROR,
    TOO_BIG,
    Close,
    Side,
)

UNMASKED: Final = Close(PROTOCOL_ERROR, "a client's frames are masked")
MASKED: Final = Close(PROTOCOL_ERROR, "a server's frames are not masked")
RESERVED_BITS: Final = Close(PROTOCOL_ERROR, "a reserved bit is set")
RESERVED_OPCODE: Final = Close(PROTOCOL_ERROR, "the opcode is reserved")
FRAGMENTED_CONTROL: Final = Close(PROTOCOL_ERROR, "a control frame is fragmented")
LONG_CONTROL: Final = Close(PROTOCOL_ERROR, "a control frame is too long")
BAD_LENGTH: Final = Close(PROTOCOL_ERROR, "a length is not in its shortest form")
NOTHING_TO_CONTINUE: Final = Close(PROTOCOL_ERROR, "there is no message to continue")
UNFINISHED_MESSAGE: Final = Close(PROTOCOL_ERROR, "a message begins inside another")
MESSAGE_TOO_BIG: Final = Close(TOO_BIG, "the message is too big")
BAD_CODE: Final = Close(PROTOCOL_ERROR, "that close code may not be sent")
BAD_REASON: Final = Close(INVALID_PAYLOAD, "the close reason is not UTF-8")


def header_flaw(
    first: int, second: int, source: Side, *, inside: bool, deflated: bool
) -> Close | None:
    """Say what is wrong with the first two bytes of a header, lengths to follow aside.

    `inside`: whether a message has begun; `deflated`: whether it may be.
    """
    opcode = first & OPCODE
    if (second & MASK != 0) != (source is CLIENT):
        return UNMASKED if source is CLIENT else MASKED
    if opcode > OP_BINARY and opcode not in CONTROL_KINDS:
        return RESERVED_OPCODE
    if first & RSV & ~(RSV1 if deflated and opcode in (OP_TEXT, OP_BINARY) else 0):
        return RESERVED_BITS
    if opcode in CONTROL_KINDS:
        if not first & FIN:
            return FRAGMENTED_CONTROL
        return LONG_CONTROL if second & LENGTH > CONTROL_PAYLOAD_MAX else None
    if opcode == 0:
        return None if inside else NOTHING_TO_CONTINUE
    return UNFINISHED_MESSAGE if inside else None
