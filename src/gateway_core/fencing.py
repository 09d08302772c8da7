"""Which clients a route serves, by their address.

What is denied is refused, also where it is allowed; where anything is allowed, all else is
refused. A client whose address is not known (a unix socket whose proxy tells nothing) is
as good as one from everywhere: it passes only where nothing is said.

An address is no identity: it says where a request comes from, if at all, not who sends it.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

from .refusal import Refusal

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

REFUSED: Final = Refusal(403, "address-refused", "Your address is not served here.")


@dataclass(frozen=True, slots=True)
class Fence:
    """Networks whose clients are served, and networks whose clients are not."""

    allow: tuple[Network, ...] = ()
    """None: everywhere."""
    deny: tuple[Network, ...] = ()

    def admits(self, address: Address | None) -> bool:
        """Whether a client at `address` is served; an IPv4-mapped one is to be told as IPv4."""
        if address is None:
            return not self.allow and not self.deny
        if any(address in network for network in self.deny):
            return False
        return not self.allow or any(address in network for network in self.allow)
