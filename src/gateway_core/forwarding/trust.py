"""Which addresses are believed when they say for whom they speak.

Addresses are text outside and `ipaddress` values inside. An IPv4 address that a
dual-stack socket shows as `::ffff:192.0.2.1` is the IPv4 address (RFC 4291,
2.5.5.2), and a zone (`fe80::1%eth0`, RFC 4007) means something on this machine
alone: both are taken off, so that one host has one spelling.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, NamedTuple, TypeAlias

from ..errors import ConfigError

Network: TypeAlias = IPv4Network | IPv6Network

UNIX: Final = "unix"
"""The word that trusts whoever connects through a unix socket: such a peer has no address."""

_REMEMBERED_MAX: Final = 4096

_ADDRESS_TEXT_MAX: Final = 45
"""Characters of the longest address: an IPv6 one that ends in dotted decimals."""


class Host(NamedTuple):
    """An address, in its one spelling and as a value to compare with networks."""

    text: str
    address: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Trusted:
    """The proxies in front of the gateway. By default there are none."""

    networks: tuple[Network, ...] = ()
    unix: bool = False

    def covers(self, peer: str) -> bool:
        """Whether the peer of a socket is trusted; `peer` is "" for a unix socket."""
        if not peer:
            return self.unix
        if not self.networks:
            return False
        host = parse_host(peer.partition("%")[0])
        return host is not None and self.holds(host)

    def holds(self, host: Host) -> bool:
        """Whether `host` lies in a trusted network."""
        return any(host.address in network for network in self.networks)


NOBODY: Final = Trusted()


def parse_trusted(entries: Iterable[str], path: str = "gateway.trusted_proxies") -> Trusted:
    """Read what the operator wrote: addresses, networks, or the word "unix".

    Raises ConfigError, at `path` and the entry's index, for anything else.
    """
    networks: list[Network] = []
    unix = False
    for index, entry in enumerate(entries):
        if entry == UNIX:
            unix = True
        else:
            networks.append(parse_network(entry, f"{path}.{index}", ", or 'unix' for unix sockets"))
    return Trusted(tuple(networks), unix)


def parse_network(entry: str, path: str, also: str = "") -> Network:
    """Read one network or address; `also` is what the cure names beside those.

    Raises ConfigError, at `path`, for anything else.
    """
    if "%" in entry:
        raise ConfigError(path, f"{entry!r} has a zone; write the address without '%' and after it")
    try:
        wide = ip_network(entry, strict=False)
    except ValueError:
        raise ConfigError(
            path,
            f"{entry!r} is neither an address nor a network; "
            f"write e.g. '10.0.0.0/8' or '::1'{also}",
        ) from None
    try:
        return ip_network(entry)
    except ValueError:
        raise ConfigError(
            path, f"{entry!r} names a host inside a network; write '{wide}' for all of it"
        ) from None


@lru_cache(maxsize=_REMEMBERED_MAX)
def parse_host(text: str) -> Host | None:
    """Return the host that has this address, an IPv4-mapped one as IPv4; None if it is none.

    Remembered, since parsing takes 2 us and the same few proxies send nearly everything.
    """
    if "%" in text or len(text) > _ADDRESS_TEXT_MAX:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return Host(str(address), address)
