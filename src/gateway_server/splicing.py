"""Bodies that the kernel moves from socket to socket, through a pipe: splice(2).

    upstream's socket --draw--> the pipe --pour--> client's socket

Nothing of them is copied to us: a fifth of a second of CPU a gigabyte where reading and
writing takes half a second. So they go where nobody needs to see them: sized bodies over
plain TCP on both sides, from PASSED_BYTES_MIN on. A pipe belongs to one body, and is closed
with it: what one left in the middle can never turn up in another.

Elsewhere than on Linux, and beyond PIPES_MAX at once, there is none; bodies are read then.
"""

import contextlib
import errno
import fcntl
import os
from typing import Final

PASSED_BYTES_MIN: Final = 256 * 1024
"""What is shorter is read and written as quickly as a pipe is made and closed."""
PIPE_BYTES: Final = 1024 * 1024
"""What one asks the kernel for, and what it grants to anybody (/proc/sys/fs/pipe-max-size)."""
PIPES_MAX: Final = 32
"""At once: half of what a user without privileges may have at that size (pipe(7))."""

_FLAGS: Final = 3  # SPLICE_F_MOVE | SPLICE_F_NONBLOCK


class Pipe:
    """A pipe on the way from one socket to another. Both never block."""

    __slots__ = ("_in", "_out", "held")

    opened = 0
    """How many there are in this process."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        Pipe.opened += 1
        self.held = 0
        """Bytes inside."""
        with contextlib.suppress(OSError):  # who has many already gets small ones: slower
            fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def draw(self, fd: int, most: int) -> int | None:
        """Take in up to `most` bytes from the socket; return how many.

        None where nothing is there, 0 at its end. Draw into an empty pipe: whether it is the
        socket or the pipe that makes one wait could not be told else. Raises OSError.
        """
        assert not self.held, "to be poured first"
        try:
            moved = os.splice(fd, self._in, most, flags=_FLAGS)
        except BlockingIOError:
            return None
        self.held = moved
        return moved

    def pour(self, fd: int) -> int:
        """Give what the socket takes; return how many bytes. Raises OSError."""
        try:
            moved = os.splice(self._out, fd, self.held, flags=_FLAGS)
        except BlockingIOError:
            return 0
        self.held -= moved
        return moved

    def close(self) -> None:
        """Close it, and let go of what is inside. Safe to call twice."""
        if self._in >= 0:
            os.close(self._in)
            os.close(self._out)
            self._in = self._out = -1
            Pipe.opened -= 1


def open_pipe() -> Pipe | None:
    """Return a pipe, which the caller closes; None where there is none to be had."""
    if not hasattr(os, "splice") or Pipe.opened >= PIPES_MAX:
        return None
    try:
        return Pipe()
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return None
        raise
