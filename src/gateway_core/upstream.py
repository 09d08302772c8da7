"""What the core knows of a service behind the gateway: where it is, how long to wait."""

from dataclasses import dataclass, field
from typing import Final

from .adapting import AdaptiveRules
from .balancing import HashOn
from .breaking import BreakerRules
from .clock import Duration, seconds
from .ejecting import EjectionRules
from .ratio import Ratio, percent
from .retrying import NO_RETRIES, RetryRules

CONNECT_TIMEOUT: Final = seconds(2)
RESPONSE_TIMEOUT: Final = seconds(15)
IDLE_TIMEOUT: Final = seconds(60)
CONNECTIONS_MAX: Final = 1024
"""Connections to one endpoint at once: a bound, not a target."""
WAITING_MAX: Final = 1024
"""Requests that may wait for a connection to one endpoint; beyond, 503 at once."""

PANIC: Final = percent(50)
"""Envoy's: with fewer endpoints well than that, health is ignored."""


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
class Fallback:
    """What a client is answered where the service cannot answer."""

    status: int
    body: bytes
    content_type: bytes


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
    balance: str = "two-choices"
    """The word for an algorithm: `balancing.BALANCERS`."""
    hash_on: HashOn | None = None
    retries: RetryRules = NO_RETRIES
    per_try_timeout: Duration | None = None
    """From the beginning of a try until the answer's head; then another try, if there is one."""
    breaker: BreakerRules | None = None
    """Of each endpoint."""
    ejection: EjectionRules | None = None
    slow_start: Duration = Duration(0)
    """How long an endpoint that joins or comes back takes to its full share; 0: no time."""
    panic: Ratio = PANIC
    """The share of endpoints that must be well; with fewer, all are called, well or not."""
    adaptive: AdaptiveRules | None = None
    hedge_after: Duration | None = None
    """How long to wait for the head of an answer before a second endpoint is asked as well."""
    fallback: Fallback | None = None
