"""How much of anything one peer may send before it has said something useful."""

from dataclasses import dataclass
from typing import Final

METHOD_BYTES_MAX: Final = 32
"""The longest method in IANA's registry, UPDATEREDIRECTREF, has 17."""

CONTENT_LENGTH_DIGITS_MAX: Final = 18
"""An exabyte less one. No such body exists, and 63 bits hold it on every machine behind us."""

CHUNK_SIZE_DIGITS_MAX: Final = 16
"""64 bits, leading zeros included: what lies beyond wraps around in somebody's parser."""

CHUNK_EXTENSION_BYTES_MAX: Final = 1024
"""Of one chunk, its semicolon included. Nobody uses them; they are for a flood only."""

CHUNK_EXTENSIONS_BYTES_MAX: Final = 16 * 1024
"""Of one body: a byte of payload must not cost a kilobyte of extension each time."""

TRAILERS_BYTES_MAX: Final = 8 * 1024
"""Of one body's trailer section. A checksum and a gRPC status need some hundred."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one message's head. The defaults are what the gateway promises."""

    head_bytes_max: int = 64 * 1024
    """From the first byte of the first line to the end of the empty line."""
    fields_max: int = 200
    """Field lines of a head, or of a trailer section."""
    target_bytes_max: int = 16 * 1024


DEFAULT_LIMITS: Final = Limits()
