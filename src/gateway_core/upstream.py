"""What the core knows of a service behind the gateway: where it is, how long to wait."""

from dataclasses import dataclass, field
from typing import Final

from .clock import Duration, seconds

CONNECT_TIMEOUT: Final = seconds(2)
RESPONSE_TIMEOUT: Final = seconds(15)
IDLE_TIMEOUT: Final = seconds(60)
CONNECTIONS_MAX: Final = 1024
"""Connections to one endpoint at once: a bound, not a target."""
WAITING_MAX: Final = 1024
"""Requests that may wait for a connection to one endpoint; beyond, 503 at once."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of an upstream."""

    scheme: str
    """Either "http" or "https"."""
    host: str
    """Name or IP address, IPv6 without brackets; "" for a unix socket."""
    port: int
    unix_path: str = ""
    """Path of a unix socket, else ""."""
    weight: int = 1
    authority: bytes = field(init=False, repr=False, compare=False)
    """What a Host field says of this endpoint (RFC 9112, 3.2): no default port."""
    name: str = field(init=False, repr=False, compare=False)
    """The URL that names it, for logs and operators, never for clients."""

    def __post_init__(self) -> None:
        """Work out, once, what is asked with every request."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        authority = host if self.port == default else f"{host}:{self.port}"
        name = f"{self.scheme}://{host}:{self.port}"
        if self.unix_path:
            authority, name = "localhost", f"{self.scheme}+unix:{self.unix_path}"
        object.__setattr__(self, "authority", authority.encode("ascii"))
        object.__setattr__(self, "name", name)

    def __hash__(self) -> int:
        """Hash by name, whose hash Python remembers: endpoints are looked up with every call."""
        return hash(self.name)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Upstream:
    """A service: endpoints that answer alike, and how to treat them."""

    name: str
    endpoints: tuple[Endpoint, ...]
    connect_timeout: Duration = CONNECT_TIMEOUT
    response_timeout: Duration = RESPONSE_TIMEOUT
    """From the last byte of the request until the answer's head."""
    idle_timeout: Duration = IDLE_TIMEOUT
    """Between bytes, either way; never a wall clock on a transfer."""
    preserve_host: bool = True
    """Whether the client's Host is passed on, or the endpoint's own is sent."""
    connections_max: int = CONNECTIONS_MAX
    waiting_max: int = WAITING_MAX
