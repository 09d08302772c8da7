"""A folder that files arrive in: safe names, nothing overwritten, nothing half.

A file is written under a hidden name and takes its own only when it is whole,
so that a listing never shows a part of one. Disk writes happen in a thread.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final

import trio

NAME_BYTES_MAX: Final = 200  # file systems allow 255; this leaves room for "-123"
FALLBACK: Final = "upload"


def safe_name(wanted: str) -> str:
    """Return the last component of `wanted` as a plain, visible file name.

    Not a path (`../../etc/passwd`, `C:\\boot.ini`), not hidden, and free of
    characters that a terminal, a shell or a file system would interpret.
    """
    last = wanted.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last)
    stem, suffix = os.path.splitext(plain.strip(" ."))
    suffix = fitting(suffix, NAME_BYTES_MAX // 4)
    return fitting(stem, NAME_BYTES_MAX - len(suffix.encode())) + suffix or FALLBACK


def fitting(text: str, size: int) -> str:
    """Return the beginning of `text` that takes at most `size` bytes as UTF-8."""
    return text.encode(errors="replace")[:size].decode(errors="ignore")


@dataclass
class Arriving:
    """One file on its way to the disk."""

    file: BinaryIO
    path: Path
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    async def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.digest.update(chunk)
        await trio.to_thread.run_sync(self.file.write, chunk)


@dataclass(frozen=True)
class Inbox:
    folder: Path

    @contextmanager
    def receiving(self) -> Iterator[Arriving]:
        """Give a new hidden file, which is deleted in the end unless it was kept."""
        number, path = tempfile.mkstemp(prefix=".partial-", dir=self.folder)
        arriving = Arriving(os.fdopen(number, "wb"), Path(path))
        try:
            yield arriving
        finally:
            try:
                arriving.file.close()
            finally:
                arriving.path.unlink(missing_ok=True)

    def keep(self, arriving: Arriving, wanted: str) -> str:
        """Give the file its name, or `name-1`, `name-2`... where that is taken; return it."""
        arriving.file.close()
        stem, suffix = os.path.splitext(safe_name(wanted))
        for n in count():
            target = self.folder / (f"{stem}-{n}{suffix}" if n else f"{stem}{suffix}")
            with suppress(FileExistsError):
                target.touch(exist_ok=False)  # reserves the name: of two who want it one fails
                arriving.path.replace(target)
                return target.name
        raise AssertionError("unreachable")

    def listing(self) -> list[dict[str, str | int]]:
        whole = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
        return [{"name": path.name, "size": path.stat().st_size} for path in sorted(whole)]
