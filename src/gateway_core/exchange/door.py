"""What one route asks of whoever comes, and what it tells browsers whoever answers.

    address (403) -> preflight (204, or 403) -> the declared body -> who asks (401, 403)

An address that is not served learns nothing else; a preflight is answered before anybody is
asked who they are, since browsers send it without credentials. A preflight asks about a
request to come, so it is the route of that request that answers.
"""

from dataclasses import dataclass, field

from ..fencing import REFUSED, Fence
from ..forwarding import Client
from ..forwarding.trust import parse_host
from ..hardening import SECURITY_FIELDS, security_fields
from ..identifying import Guard
from ..message import Fields, RequestHead
from ..refusal import Refusal
from ..sharing import CORS_FIELDS, Sharing


@dataclass(frozen=True, slots=True)
class Door:
    """One route's door. What is None is not asked for."""

    guard: Guard | None = None
    sharing: Sharing | None = None
    fence: Fence | None = None
    hardened: bool = False
    """Whether answers tell browsers to be careful."""
    replaces: frozenset[bytes] = field(init=False)
    """Names of fields that an upstream's answer loses to what is told here."""

    def __post_init__(self) -> None:
        """Work out what answers lose."""
        cors = CORS_FIELDS if self.sharing is not None else frozenset[bytes]()
        object.__setattr__(self, "replaces", cors | SECURITY_FIELDS if self.hardened else cors)

    @property
    def relied(self) -> frozenset[bytes]:
        """Names of the fields by which callers are told apart."""
        return frozenset() if self.guard is None else self.guard.relied

    def told(self, head: RequestHead, client: Client) -> Fields:
        """Return what every answer to `head` tells, the gateway's own refusals included."""
        shared = () if self.sharing is None else self.sharing.fields(head)
        return (*shared, *security_fields(client.scheme)) if self.hardened else shared

    def refuse(self, client: Client) -> Refusal | None:
        """Return why a client of this address is not served, if it is not."""
        if self.fence is None:
            return None
        host = parse_host(client.address)
        return None if self.fence.admits(None if host is None else host.address) else REFUSED
