"""Frames for tests, written plainly: any bits, any length form, valid or not."""

from gateway_core.frames import CLIENT, Side, masked

MASK = b"\x11\x92\xf3\x04"


def frame(
    opcode: int,
    payload: bytes = b"",
    source: Side = CLIENT,
    *,
    fin: bool = True,
    rsv: int = 0,
    form: int = 0,
    told: int | None = None,
    mask: bool | None = None,
) -> bytes:
    """One frame. `form`: 7, 16 or 64 bits of length, 0 for the shortest; `told`: a false length."""
    length = len(payload) if told is None else told
    form = form or (7 if length < 126 else 16 if length < 1 << 16 else 64)
    is_masked = (source is CLIENT) if mask is None else mask
    bit = 0x80 if is_masked else 0
    first = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if form == 7:
        head = first + bytes([bit | length])
    elif form == 16:
        head = first + bytes([bit | 126]) + length.to_bytes(2, "big")
    else:
        head = first + bytes([bit | 127]) + length.to_bytes(8, "big")
    return head + (MASK + masked(payload, MASK) if is_masked else payload)


def text(payload: bytes = b"hello", source: Side = CLIENT, **how: bool) -> bytes:
    return frame(1, payload, source, **how)  # type: ignore[arg-type]


def close(code: int | None, reason: bytes = b"", source: Side = CLIENT) -> bytes:
    return frame(8, b"" if code is None else code.to_bytes(2, "big") + reason, source)
