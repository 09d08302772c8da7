"""The keys by which a scheme's tokens are verified: fixed ones, or those of an issuer's JWKS.

One task an issuer runs the core's `KeyRefresh`; whoever meets an unknown key tells it, and
waits for the fetch that is under way, if there is one.

Source: RFC 7517, section 5.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import httpx
import structlog
import trio

from gateway_core.identifying import (
    KEY_SET_BYTES_MAX,
    KeyRefresh,
    PublicKey,
    PublicKeys,
    Token,
    candidates,
    read_key_set,
)
from gateway_core.refresh import Event, Fetch, Fetched, FetchFailed, Missed, Stopped, Wanted

from ..drive import Driver
from .asking import asked, read_at_most
from .signatures import Key, published

_log = structlog.get_logger("gateway.identity")


class Keys(Protocol):
    """Where the keys of one scheme's tokens come from."""

    async def find(self, token: Token) -> Sequence[Key]:
        """Return the keys that the token's signature may be of: none, if none is known."""
        ...

    @property
    def known(self) -> bool:
        """Whether there ever were any: if not, no token can be told from another."""
        ...


class FixedKeys:
    """Keys that the configuration holds, by the algorithm that they are for."""

    known = True

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = keys

    async def find(self, token: Token) -> Sequence[Key]:
        """See `Keys.find`."""
        key = self._keys.get(token.algorithm)
        return () if key is None else (key,)


class Issuer:
    """An issuer that publishes its keys. `run` is to run beside all requests."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport, refresh: KeyRefresh) -> None:
        self._url = url
        self._transport = transport
        self._refresh = refresh
        self._driver: Driver[Event[PublicKeys], Fetch] | None = None
        """None while `run` does not run."""
        self._fetch_ended = trio.Event()
        self._ready: dict[tuple[int, str], Key | None] = {}
        """Keys of the generation below, by the identity of what was published."""
        self._ready_generation = 0

    @property
    def known(self) -> bool:
        """See `Keys.known`."""
        return bool(self._refresh.keys)

    async def find(self, token: Token) -> Sequence[Key]:
        """See `Keys.find`. Waits for a fetch, where that may bring the key."""
        found = self._find(token)
        if not found and self._driver is not None:
            self._driver.tell(Missed())
            if self._refresh.refresh.fetching:
                await self._fetch_ended.wait()
                found = self._find(token)
        return found

    async def run(self) -> None:
        """Fetch the keys now and from time to time, for ever. What is known stays known."""
        self._refresh = self._refresh.anew()
        self._driver = Driver(self._refresh, self._fetch, Stopped())
        try:
            await self._driver.run(Wanted())
        finally:
            self._driver = None
            self._tell_waiting()

    def _find(self, token: Token) -> list[Key]:
        refresh = self._refresh
        if self._ready_generation != refresh.verified.generation:
            self._ready_generation = refresh.verified.generation
            self._ready.clear()
        chosen = candidates(refresh.keys, token.algorithm, token.key_id)
        return [key for each in chosen if (key := self._made(each, token.algorithm)) is not None]

    def _made(self, key: PublicKey, algorithm: str) -> Key | None:
        """Return a key ready for use: to make one takes as long as a check."""
        mine = (id(key), algorithm)
        if mine not in self._ready:
            self._ready[mine] = published(key, algorithm)
        return self._ready[mine]

    async def _fetch(self, _command: Fetch) -> Event[PublicKeys]:
        try:
            keys = await self._ask()
        except httpx.HTTPError as error:
            keys = str(error) or type(error).__name__
        finally:
            # Who waits looks again after the machine was told, which awaits nothing.
            self._tell_waiting()
        if isinstance(keys, str):
            _log.warning("the keys of an issuer cannot be fetched", url=self._url, problem=keys)
            return FetchFailed()
        return Fetched(keys)

    async def _ask(self) -> PublicKeys | str:
        """Return the keys, or what is wrong. Reads no more than a key set may have."""
        async with asked(self._transport, self._url) as answer:
            if answer.status_code != 200:
                return f"the status was {answer.status_code}"
            return read_key_set(await read_at_most(answer, KEY_SET_BYTES_MAX))

    def _tell_waiting(self) -> None:
        self._fetch_ended.set()
        self._fetch_ended = trio.Event()
