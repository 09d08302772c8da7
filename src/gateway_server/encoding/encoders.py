"""Content codings, a piece at a time: gzip by zlib, br and zstd where their packages are.

Levels are those that cost well under a millisecond a piece of 64 KiB, since nobody else is
served meanwhile: zstd 3, brotli 4, gzip 5. Beyond them a tenth fewer bytes cost ten times
the time.

Source: RFC 1952 (gzip), RFC 7932 (brotli), RFC 8878 (zstd; its window is held to 8 MiB, as
RFC 9659 asks for HTTP).
"""

import importlib
import importlib.util
import zlib
from collections.abc import Callable
from typing import Final, Protocol

GZIP_LEVEL: Final = 5
BROTLI_QUALITY: Final = 4
ZSTD_LEVEL: Final = 3

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
"""zlib's way of asking for gzip's framing."""


class Encoder(Protocol):
    """Takes a body piece by piece. What it returns may be b"", until it is asked for all."""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; return what can be sent by now."""
        ...

    def flush(self) -> bytes:
        """Return all that is needed to read what was fed so far."""
        ...

    def finish(self) -> bytes:
        """Return the rest. Nothing may be fed afterwards."""
        ...


class _Gzip:
    def __init__(self) -> None:
        self._zlib = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    def feed(self, piece: bytes) -> bytes:
        return self._zlib.compress(piece)

    def flush(self) -> bytes:
        return self._zlib.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._zlib.flush()


class _BrotliCompressor(Protocol):
    """What the package gives, which tells no types itself."""

    def process(self, piece: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class _Brotli:
    def __init__(self) -> None:
        brotli = importlib.import_module("brotli")
        self._brotli: _BrotliCompressor = brotli.Compressor(quality=BROTLI_QUALITY)

    def feed(self, piece: bytes) -> bytes:
        return self._brotli.process(piece)

    def flush(self) -> bytes:
        return self._brotli.flush()

    def finish(self) -> bytes:
        return self._brotli.finish()


class _Zstd:
    def __init__(self) -> None:
        import zstandard

        self._block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        self._zstd = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()

    def feed(self, piece: bytes) -> bytes:
        return self._zstd.compress(piece)

    def flush(self) -> bytes:
        return self._zstd.flush(self._block)

    def finish(self) -> bytes:
        return self._zstd.flush()


_ENCODERS: Final[dict[str, Callable[[], Encoder]]] = {
    "zstd": _Zstd,
    "br": _Brotli,
    "gzip": _Gzip,
}
_PACKAGES: Final = {"zstd": "zstandard", "br": "brotli"}


def encoder(coding: str) -> Encoder:
    """Return a fresh encoder of an available coding."""
    return _ENCODERS[coding]()


def encode(coding: str, body: bytes) -> bytes:
    """Return a whole body in an available coding; "": as it is."""
    if not coding:
        return body
    made = encoder(coding)
    return made.feed(body) + made.finish()


def is_available(coding: str) -> bool:
    """Whether the package that the coding takes is installed."""
    package = _PACKAGES.get(coding)
    return package is None or importlib.util.find_spec(package) is not None
