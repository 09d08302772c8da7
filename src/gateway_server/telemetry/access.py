"""One structured line a request: the complete outcome of the core's decision.

JSON where nobody watches, a readable line on a terminal. Query strings,
credentials and bodies are never logged; addresses of upstreams are, since the
log is the operator's.

A line is made in one go, and waits with others for a write of all of them at
once: while `run` runs, within FLUSH_SECONDS, else at once.
"""

import sys
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import BinaryIO, Final, TextIO

import trio

from gateway_core.caching import CacheNote
from gateway_core.clock import NEVER, Instant
from gateway_core.exchange import Record, RelayEnded
from gateway_core.limiting import Judgement, Outcome
from gateway_core.refusal import Refusal

FLUSH_SECONDS: Final = 0.1
BUFFER_BYTES_MAX: Final = 64 * 1024
"""Written at once beyond that."""
_US: Final = 1_000

_PATH_REMEMBERED_MAX: Final = 256
"""Bytes of a path whose words are remembered: few are longer, and strangers choose them."""

Form = Callable[[Record, str, bytes, Instant], str]
"""Makes a line of what became of a request, its method, its target, and when it ended."""


class AccessLog:
    """Writes a line for each request that ended, however it ended."""

    def __init__(self, form: str = "auto", out: TextIO | None = None) -> None:
        """`form` is "auto", "json", "console" or "off"; `out` is stdout where not given."""
        stream: TextIO = sys.stdout if out is None else out
        if form == "auto":
            form = "console" if stream.isatty() else "json"
        self._form: Form | None = None
        if form != "off":
            self._form = as_json if form == "json" else Console(colour=stream.isatty())
        self._out = stream
        self._binary: BinaryIO | None = getattr(stream, "buffer", None)
        self._lines: list[str] = []
        self._bytes = 0
        self._batched = False

    def exchange_ended(self, record: Record, method: str, target: bytes, now: Instant) -> None:
        """Log an exchange that the core decided."""
        if self._form is not None:
            self._write(self._form(record, method, target, now))

    def refused(
        self,
        refusal: Refusal,
        *,
        peer: str,
        method: str,
        target: bytes,
        request_id: str,
        bytes_in: int,
        bytes_out: int,
    ) -> None:
        """Log a refusal of the connection itself, for which no exchange began."""
        record = Record(
            client=peer,
            request_id=request_id,
            status=refusal.status,
            reason=refusal.reason,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
        )
        self.exchange_ended(record, method, target, NEVER)

    async def run(self) -> None:
        """Write what waits, from time to time, for ever; and at the end."""
        self._batched = True
        try:
            while True:
                await trio.sleep(FLUSH_SECONDS)
                self.flush()
        finally:
            self._batched = False
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if not self._lines:
            return
        text = "".join(self._lines)
        self._lines.clear()
        self._bytes = 0
        if self._binary is not None:
            self._binary.write(text.encode())
            self._binary.flush()
        else:
            self._out.write(text)
            self._out.flush()

    def _write(self, line: str) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        if not self._batched or self._bytes > BUFFER_BYTES_MAX:
            self.flush()


def shown_path(target: bytes) -> str:
    """Return the path of `target` as a log may show it: no query, nothing unprintable."""
    path = (target.partition(b"?")[0] if b"?" in target else target).decode("latin-1")
    return path if path.isprintable() else path.encode("unicode_escape").decode("ascii")


class _Stamp:
    """The time as text, made once a millisecond; the part that seconds change, once a second."""

    def __init__(self) -> None:
        self._second = self._ms = -1
        self._date = self._text = ""

    def now(self) -> str:
        ms = int(time.time() * 1000)
        if ms != self._ms:
            self._ms = ms
            second, rest = divmod(ms, 1000)
            if second != self._second:
                self._second = second
                self._date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._text = f"{self._date}.{rest:03d}Z"
        return self._text


_stamp: Final = _Stamp().now


def as_json(record: Record, method: str, target: bytes, now: Instant) -> str:
    """Return a line of JSON; what is not known is left out."""
    path = target.partition(b"?")[0] if b"?" in target else target
    asked = (_asked if len(path) <= _PATH_REMEMBERED_MAX else _asked_anew)(method, path)
    told = ""
    if record.upstream_status or record.unwritten:
        told += _changed(record)
    if record.reason:
        told += f', "reason": {quoted(record.reason)}'
    if record.route:
        told += _route(record.route, record.upstream)
    if record.consumer or record.identity:
        told += _caller(record)
    if record.endpoint:
        told += f', "endpoint": {_quoted_name(record.endpoint)}, "attempts": {record.attempts}'
    if record.breaker or record.retry or record.hedge:
        told += _protection(record)
    if record.limits is not None:
        told += _limits(record.limits)
    if record.socket is not None:
        told += _socket(record.socket)
    if record.cache is not None:
        told += _cache(record.cache)
    amounts = _amounts(record, now)
    status = record.status
    return f'{{"time": "{_stamp()}"{_who(record)}{asked}, "status": {status}{told}{amounts}}}\n'


def _changed(record: Record) -> str:
    """Tell what the upstream said where the client was told otherwise, and what went as it came."""
    text = f', "upstream_status": {record.upstream_status}' if record.upstream_status else ""
    return f'{text}, "unwritten": "{record.unwritten}"' if record.unwritten else text


def _protection(record: Record) -> str:
    """Tell what breaker, retries and hedges had to do with it."""
    told = {"breaker": record.breaker, "retry": record.retry, "hedge": record.hedge}
    return "".join([f', "{name}": "{word}"' for name, word in told.items() if word])


def _who(record: Record) -> str:
    """Tell who asked: nearly always both are known."""
    request_id, client = record.request_id, record.client
    if request_id and client:
        return f', "request_id": {quoted(request_id)}, "client": {quoted(client)}'
    return _known({"request_id": request_id, "client": client})


def _asked_anew(method: str, path: bytes) -> str:
    """Tell what was asked for."""
    return _known({"method": method, "path": shown_path(path)})


def _known(told: Mapping[str, str]) -> str:
    return "".join([f', "{name}": {quoted(text)}' for name, text in told.items() if text])


_asked = lru_cache(maxsize=1024)(_asked_anew)
"""Remembered, since most requests are for one of a few things."""


_quoted_name: Final = lru_cache(maxsize=1024)(quoted)
"""Quotes names of the configuration, of which there are few."""


@lru_cache(maxsize=1024)
def _route(route: str, upstream: str) -> str:
    """Tell where a request went."""
    return f', "route": {quoted(route)}, "upstream": {quoted(upstream)}'


def _caller(record: Record) -> str:
    """Tell whom a credential named and by which scheme, or why nobody; nothing where none was asked."""
    consumer = f', "consumer": {quoted(record.consumer)}' if record.consumer else ""
    return f'{consumer}, "identity": {quoted(record.identity)}' if record.identity else ""


def _limits(said: Judgement) -> str:
    """Tell what the limits said: which of them decided, or came nearest to it."""
    text = ""
    if said.binding:
        text = f"{_limit(said.binding, said.outcome)}{said.remaining}"
    if said.shadowed:
        text += f', "limits_shadowed": [{", ".join(map(_quoted_name, said.shadowed))}]'
    return text


@lru_cache(maxsize=1024)
def _limit(name: str, outcome: Outcome) -> str:
    """Tell all of a limit but the number that is left, which comes behind it."""
    return f', "limit": {quoted(name)}, "limit_outcome": "{outcome.value}", "limit_remaining": '


@lru_cache(maxsize=1024)
def _cache(note: CacheNote) -> str:
    """Tell what the cache did, and why. Remembered: within a second many say the same."""
    reason = f', "cache_reason": {quoted(note.reason)}' if note.reason else ""
    stored = ', "cache_stored": true' if note.stored else ""
    return f', "cache": "{note.verdict.value.decode()}"{reason}{stored}'


def _amounts(record: Record, now: Instant) -> str:
    """Tell how much, and how long."""
    line = f', "bytes_in": {record.bytes_in}, "bytes_out": {record.bytes_out}'
    started, answered = record.started, record.answered
    if now < NEVER and started < NEVER:
        line += f', "duration_ms": {(now - started) // _US / 1000}'
    if answered < NEVER:
        line += f', "upstream_ms": {(answered - record.asked) // _US / 1000}'
    return line


def _socket(ended: RelayEnded) -> str:
    """Return what a WebSocket's line tells beside a request's: `bytes_in` and `_out` are its, too.

    `close_code` is what began its end; the two others are what each side closed with itself.
    """
    text = f', "messages_in": {ended.messages_in}, "messages_out": {ended.messages_out}'
    text += f', "closed_by": "{ended.closed_by}", "close_code": {ended.code}'
    if ended.client_code:
        text += f', "client_close": {ended.client_code}'
    if ended.upstream_code:
        text += f', "upstream_close": {ended.upstream_code}'
    return text


def _ms(start: Instant, end: Instant) -> float:
    return (end - start) // _US / 1000


class Console:
    """A line for a person: what was asked, what came of it, how long it took, why."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, record: Record, method: str, target: bytes, now: Instant) -> str:
        """Return the line."""
        path = shown_path(target)
        status = self._painted(f"{record.status:>3}", record.status)
        words = [_stamp()[11:-5], status, f"{method or '-':<6}", path or "-"]
        if now < NEVER and record.started < NEVER:
            words.append(f"{_ms(record.started, now):.1f} ms")
        if record.endpoint:
            words.append(f"{record.upstream} {record.endpoint.removeprefix('http://')}")
        if record.socket is not None:
            socket = record.socket
            words.append(f"{socket.messages_in}/{socket.messages_out} messages")
            words.append(f"closed by {socket.closed_by}, {socket.code}")
        if record.upstream_status:
            words.append(f"(was {record.upstream_status})")
        if record.reason:
            words.append(record.reason)
        if (note := record.cache) is not None:
            words.append(f"{note.verdict.value.decode().lower()} {note.reason}".rstrip())
        if (said := record.limits) is not None:
            if said.outcome is not Outcome.ADMITTED:
                words.append(said.binding)
            words += [f"({name} would refuse)" for name in said.shadowed]
        return "  ".join(words) + "\n"

    def _painted(self, text: str, status: int) -> str:
        if not self._colour:
            return text
        colour = {2: 32, 3: 36, 4: 33, 5: 31}.get(status // 100, 35)
        return f"\x1b[{colour}m{text}\x1b[0m"
