"""The control socket: what an operator asks of a running worker, over a unix socket of its own.

One line of JSON in, one line of JSON out, then the connection is closed. Who may ask is who
may open the socket: its file is the gateway's user's alone. Each worker has its own, whose
name ends in its process id: `gateway cache` asks them all.

    {"do": "cache-stats"}
    {"do": "cache-purge", "url": "http://host/path?query"}     or "prefix", "tag", "all"
"""

import json
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias, cast

import trio

from gateway_core.exchange import Cache

LINE_BYTES_MAX: Final = 20 * 1024
"""A question: longer than the longest URL that the gateway serves."""
PATIENCE_SECONDS: Final = 5.0
"""How long a question may take to come, and its answer to go."""

Question: TypeAlias = Mapping[str, object]
Answer: TypeAlias = dict[str, object]


class Control:
    """Answers questions about one worker."""

    def __init__(self, path: str, cache: Cache, settle: Callable[[], None]) -> None:
        """`settle` is called after each change of the cache, to do what follows from it."""
        self.path = Path(f"{path}.{os.getpid()}")
        self._cache = cache
        self._settle = settle

    async def run(self) -> None:
        """Listen until cancelled; the file goes with it."""
        # It gets its name once it listens: whoever finds it can ask.
        unnamed = self.path.with_name(f".{self.path.name}")
        with suppress(FileNotFoundError):
            unnamed.unlink()
        sock = trio.socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)  # from its first moment, nobody else may open it
        try:
            await sock.bind(str(unnamed))
        finally:
            os.umask(before)
        try:
            sock.listen()
            unnamed.replace(self.path)
            listener = trio.SocketListener(sock)
            await trio.serve_listeners(self._serve, [listener])
        finally:
            with suppress(FileNotFoundError):
                self.path.unlink()

    async def _serve(self, stream: trio.SocketStream) -> None:
        """Answer one question. A fault of whoever asks ends this connection alone."""
        with (
            suppress(trio.BrokenResourceError, trio.ClosedResourceError),
            trio.move_on_after(PATIENCE_SECONDS),
        ):
            async with stream:
                line = b""
                while b"\n" not in line and len(line) <= LINE_BYTES_MAX:
                    data = await stream.receive_some(LINE_BYTES_MAX)
                    if not data:
                        return
                    line += data
                await stream.send_all(json.dumps(self.answer(line)).encode() + b"\n")

    def answer(self, line: bytes) -> Answer:
        """Return what is answered to a line."""
        try:
            question: object = json.loads(line)
        except ValueError:
            return {"error": "that is no JSON"}
        if not isinstance(question, dict):
            return {"error": "that is no table"}
        asked = cast("Question", question)
        match asked.get("do"):
            case "cache-stats":
                return self._stats()
            case "cache-purge":
                return self._purge(asked)
            case other:
                return {"error": f"there is no {other!r} to do"}

    def _stats(self) -> Answer:
        stats = self._cache.store.stats
        return {**stats._asdict(), "pid": os.getpid(), "fetching": len(self._cache.flights)}

    def _purge(self, asked: Question) -> Answer:
        purges: Mapping[str, Callable[[bytes], int]] = {
            "url": self._cache.purge_url,
            "prefix": self._cache.purge_prefix,
            "tag": self._cache.purge_tag,
        }
        if asked.get("all") is True:
            purged = self._cache.purge_all()
        else:
            found = [(purge, asked[name]) for name, purge in purges.items() if name in asked]
            if len(found) != 1 or not isinstance(found[0][1], str):
                return {"error": "say one of url, prefix, tag as text, or all"}
            purge, what = found[0][0], str(found[0][1])
            purged = purge(what.encode("utf-8", "surrogateescape"))
        self._settle()
        return {"pid": os.getpid(), "purged": purged}
