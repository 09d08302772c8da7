"""One client's connection, from its accept to its end. Its faults end it, and nothing else.

Hypercorn's worker runs every connection in one nursery: an exception that left this room
would end the worker, and with it every other client.
"""

from typing import Any

import trio

from .calls import Origin
from .drain import DrainingContext
from .faults import log_fault
from .h1 import Http1
from .h2 import PREFACE, Http2
from .quick import QuickHttp1
from .quick_wire import wire_of
from .streams import ClientLeftError


class Connection:
    """Serves one client."""

    def __init__(
        self, context: DrainingContext, state: dict[str, Any], stream: trio.abc.Stream
    ) -> None:
        self._worker = context.worker
        self._settings = context.worker.settings
        self._state = state
        self._wire = wire_of(stream, self._settings.write_timeout)
        self._scope = trio.CancelScope()
        self._http: Http1 | Http2 | QuickHttp1 | None = None
        self._opening: trio.CancelScope | None = None

    def drain(self, deadline: float) -> None:
        """Take no further request; be gone by `deadline`."""
        self._scope.deadline = deadline
        if self._http is not None:
            self._http.drain()
        elif self._opening is not None:
            self._opening.cancel()

    async def run(self) -> None:
        """Serve until the connection has ended, for whatever reason. Raises no Exception."""
        try:
            if self._worker.admit(self):
                with self._scope:
                    await self._serve()
        except* (ClientLeftError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except* Exception as errors:  # noqa: BLE001 - a connection's fault ends that connection only
            log_fault("connection fault", errors)
        finally:
            self._worker.forget(self)
            await self._wire.close()

    async def _serve(self) -> None:
        alpn, first = "", b""
        with trio.move_on_after(self._settings.head_timeout) as self._opening:
            alpn = await self._wire.handshake()
            if self._settings.h2c and not self._wire.secure:
                first = await self._first_bytes()
        if self._opening.cancelled_caught:
            return
        self._opening = None
        origin = self._origin()
        if origin is None:
            return
        is_h2 = alpn == "h2" or first.startswith(PREFACE)
        self._http = self._protocol(origin, h2=is_h2)
        if self._worker.draining:
            self._http.drain()
        await self._http.run(first)
        await self._wire.settle()

    def _protocol(self, origin: Origin, *, h2: bool) -> "Http1 | Http2 | QuickHttp1":
        if h2:
            return Http2(origin, self._wire)
        return (QuickHttp1 if self._settings.own else Http1)(origin, self._wire)

    async def _first_bytes(self) -> bytes:
        """Read until it shows whether this is HTTP/2's preface (RFC 9113, 3.4)."""
        first = b""
        while len(first) < len(PREFACE) and PREFACE.startswith(first):
            more = await self._wire.read()
            if not more:
                break
            first += more
        return first

    def _origin(self) -> Origin | None:
        try:
            client, server = self._wire.addresses
        except OSError:
            return None  # gone already
        return Origin(self._worker, self._state, client, server, self._wire.secure)
