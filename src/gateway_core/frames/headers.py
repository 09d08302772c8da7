"""The first byte of a frame's header, as a table: FIN, three reserved bits, and the opcode.

Source: RFC 6455, section 5.2; RFC 7692, section 6 (RSV1).
"""

from typing import Final

FIN: Final = 0x80
RSV: Final = 0x70
RSV1: Final = 0x40
OPCODE: Final = 0x0F
OP_TEXT: Final = 0x1
OP_BINARY: Final = 0x2
OP_CLOSE: Final = 0x8
OP_PING: Final = 0x9
OP_PONG: Final = 0xA
CONTROL: Final = 0x8
"""The bit that opcodes of control frames have (RFC 6455, 5.5)."""
MASK: Final = 0x80
"""In the second byte; the rest of it is the length."""
LENGTH: Final = 0x7F
SHORT: Final = 126
"""A length of this says that 16 bits follow with it; one more, that 64 do."""
SHORT_MAX: Final = 0xFFFF
LONG_MAX: Final = (1 << 63) - 1

# What a frame may be.
FLAWED: Final = 0
WHOLE: Final = 1
FIRST: Final = 2
MIDDLE: Final = 3
LAST: Final = 4
PING: Final = 5
PONG: Final = 6
CLOSE: Final = 7

CONTROL_KINDS: Final = {OP_CLOSE: CLOSE, OP_PING: PING, OP_PONG: PONG}


def _kind(first: int, *, inside: bool, deflated: bool) -> int:
    opcode, final, rsv = first & OPCODE, first & FIN, first & RSV
    if opcode in CONTROL_KINDS:
        return CONTROL_KINDS[opcode] if final and not rsv else FLAWED
    if opcode == 0:
        return (LAST if final else MIDDLE) if inside and not rsv else FLAWED
    if opcode not in (OP_TEXT, OP_BINARY) or inside or rsv & ~(RSV1 if deflated else 0):
        return FLAWED
    return WHOLE if final else FIRST


def _kinds(*, inside: bool, deflated: bool) -> bytes:
    return bytes(_kind(first, inside=inside, deflated=deflated) for first in range(256))


OUTSIDE: Final = {deflated: _kinds(inside=False, deflated=deflated) for deflated in (False, True)}
"""By the first byte: what a frame is between messages; by whether they may be deflated."""
INSIDE: Final = {deflated: _kinds(inside=True, deflated=deflated) for deflated in (False, True)}
"""The same, inside a message that has begun."""
