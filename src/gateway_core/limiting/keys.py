"""Whose budget a request is taken from: what is looked at, and what it is called.

    client        the address; of IPv6 the /64, since one host has all of its addresses
    consumer      whom the credential names; who has none is counted by address, apart
    route         the route that serves
    header:NAME   the value of that field's first line; all that lack it share a budget

Several of these together are one key: `["client", "route"]` is a budget for each client
on each route. None at all is one budget for everybody.

Source: RFC 4291, 2.5.4 and RFC 6177, 2 (a site has a /64 at least).
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Protocol

from ..errors import ConfigError
from ..frozen import frozen
from ..message import Fields, value

VALUE_MAX: Final = 64
"""Bytes of a field's value that are kept as they are; of a longer one, a digest is."""
_DIGEST_BYTES: Final = 16

_HEADER: Final = "header:"
_NAMES: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+.^_`|~-")
_GROUPS: Final = 8
_SITE: Final = 4
"""Groups of 16 bits that name a site: a /64."""


@frozen
class Asker:
    """What keys are made of."""

    client: str
    """Textual IP address, in its one spelling; "" where there is none."""
    consumer: str
    """Empty where no credential named one."""
    route: str
    fields: Fields


class KeyPart(Protocol):
    """One thing that is looked at."""

    def of(self, asker: Asker) -> str | bytes:
        """Return what it is for this request: equal where the budget is the same."""
        ...


@dataclass(frozen=True, slots=True)
class ByClient:
    """The client's address, or the /64 that it lies in."""

    def of(self, asker: Asker) -> str:
        client = asker.client
        return site(client) if ":" in client else client

    def __str__(self) -> str:
        return "client"


@dataclass(frozen=True, slots=True)
class ByConsumer:
    """The consumer; without one, the client, who is nobody's namesake."""

    def of(self, asker: Asker) -> str:
        return asker.consumer or f"\0{site(asker.client)}"

    def __str__(self) -> str:
        return "consumer"


@dataclass(frozen=True, slots=True)
class ByRoute:
    """The route's name."""

    def of(self, asker: Asker) -> str:
        return asker.route

    def __str__(self) -> str:
        return "route"


@dataclass(frozen=True, slots=True)
class ByHeader:
    """The first line of the field `name` (lower case). Whoever asks can write what it likes."""

    name: bytes

    def of(self, asker: Asker) -> bytes:
        found = value(asker.fields, self.name) or b""
        if len(found) <= VALUE_MAX:
            return found
        # A byte more than a value that is kept has, so that no value passes for a digest.
        return blake2b(found, digest_size=_DIGEST_BYTES).digest().ljust(VALUE_MAX + 1, b"\0")

    def __str__(self) -> str:
        return _HEADER + self.name.decode("ascii")


_WORDS: Final[dict[str, KeyPart]] = {
    "client": ByClient(),
    "consumer": ByConsumer(),
    "route": ByRoute(),
}


def key_part(text: str) -> KeyPart:
    """Read what the operator wrote: "client", "header:X-Team". ConfigError on nonsense."""
    if text in _WORDS:
        return _WORDS[text]
    name = text.removeprefix(_HEADER).lower().encode()
    if text.startswith(_HEADER) and name and _NAMES.issuperset(name):
        return ByHeader(name)
    raise ConfigError("key", f"{text!r} is no key: write client, consumer, route or header:NAME")


def site(address: str) -> str:
    """Return the /64 of an IPv6 address in its canonical spelling; other text as it is."""
    if ":" not in address:
        return address
    left, gap, right = address.partition("::")
    groups = left.split(":") if left else []
    if gap and len(groups) < _SITE:
        after = right.split(":") if right else []
        width = _GROUPS - ("." in right)  # an IPv4 address at the end stands for two groups
        groups += ["0"] * (width - len(groups) - len(after)) + after
    return ":".join(groups[:_SITE]) + "::/64"
