"""From a request's arrival to its admission: who asks, where it leads, and whether it may.

    client, request id -> route -> address, preflight -> upgrade -> declared body
                          400/404/405  403, 204          400/403/426  413
        -> who asks -> limits -> admitted
           401, 403    429

The order is part of the contract: what costs little and tells least is judged first,
and whatever is counted against somebody is judged last, so that a request which was
refused for another reason takes nothing from anybody's budget. Requests and handshakes
of WebSockets pass the same stages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..clock import Instant, UnixTime
from ..composing import Document
from ..forwarding import LOOPING, Client, find_client, is_last_hop, request_id, via_loop
from ..limiting import Asker, Held, Outcome
from ..message import Fields, RequestHead, ResponseHead
from ..refusal import Refusal
from ..routing import Match, Route, ServerOptions
from ..sharing import asked_for, is_preflight
from .identity import Doubt, Identity, asking, identify, settle
from .policies import Policies
from .record import Record
from .refusals import SERVER_OPTIONS, over_limit, too_large
from .upgrading import handshake_flaw, upgrade_refusal
from .vocabulary import TOO_LATE, IdentityTold

# An enumeration's member costs several times what a name of the module does.
_ADMITTED: Final = Outcome.ADMITTED


@dataclass(slots=True)
class Admission:
    """A request that may go on, and all that was found out about it on the way."""

    client: Client
    match: Match
    consumer: str = ""
    """Who asks, by name, as a credential proved it; "" where none was asked for."""
    fields: Fields = ()
    """What goes on whatever answer the client gets from now on, the gateway's own included."""
    replaces: frozenset[bytes] = frozenset()
    """Names of fields that an upstream's answer loses to ours."""
    told: Fields = ()
    """What its upstream is told of the caller, by the gateway and nobody else."""
    drops: frozenset[bytes] = frozenset()
    """Names of fields that its upstream is not shown, since they proved who the caller is."""
    limits: tuple[str, ...] = ()
    """Names of limits that the credential bears, beside those of the route."""
    held: tuple[Held, ...] = ()
    claims: Mapping[str, Document] | None = None
    """What the caller's token says of them."""

    def told_on(self, head: ResponseHead) -> ResponseHead:
        """Return an upstream's answer with `fields` on it."""
        if not self.fields and not self.replaces:
            return head
        theirs = head.fields
        if self.replaces:
            theirs = tuple([line for line in theirs if line[0] not in self.replaces])
        return ResponseHead(head.status, theirs + self.fields, head.body)

    def seen_as(self, scheme: str, policies: Policies) -> str:
        """Return by what `scheme`'s consumer is told from itself: claims that the upstream hears.

        What is stored for somebody is not for whoever comes by the same name with others.
        """
        change = policies.transformations.get(self.match.route.name)
        if change is None or not change.claims or not self.claims:
            return scheme
        heard = [(name, self.claims.get(name)) for name in sorted(change.claims)]
        return f"{scheme}\0{heard!r}"

    def release(self) -> None:
        """Give back what was taken for as long as the request lasts. A second call does nothing."""
        held, self.held = self.held, ()
        for limiter, key in held:
            limiter.give_back(key)


@dataclass(slots=True)
class Doubtful:
    """A request that goes on once it is known who asks, by `doubt.command`. See `admit_told`."""

    head: RequestHead
    admission: Admission
    doubt: Doubt


def admit(
    head: RequestHead,
    fresh_id: str,
    policies: Policies,
    record: Record,
    now: Instant,
    *,
    wall: UnixTime = TOO_LATE,
    upgrade: bool = False,
) -> Admission | Doubtful | Refusal:
    """Return the admission, or what must be asked first, or why the request goes no further.

    The caller is to `release` the admission at the request's end, however that comes.
    `fresh_id` is used where the client sent no sane id; `record` is told all that is
    found out, also of a request that is refused in the end; `wall` is the time by which
    credentials expire; `upgrade`: whether it is a WebSocket's handshake.
    """
    client = find_client(head, policies.forwarding)
    record.started, record.client = now, client.address
    record.request_id = request_id(head.fields, fresh_id)
    if policies.doors and is_preflight(head):
        answer = _preflight(head, client, policies, record)
        if answer is not None:
            return answer
    found = _route(head, policies)
    if isinstance(found, Refusal):
        return found
    route = found.route
    record.route, record.upstream = route.name, route.upstream
    admission = Admission(client, found)
    door = policies.doors.get(route.name)
    refusal = None
    if door is not None:
        admission.fields, admission.replaces = door.told(head, client), door.replaces
        refusal = door.refuse(client)
    if refusal := refusal or _unserved(head, route, upgrade=upgrade):
        return refusal.with_fields(*admission.fields)
    if door is not None and door.guard is not None:
        asked = asking(door.guard, client.address, found.target)
        named = identify(asked, head, policies.failures, record, wall=wall, now=now)
        if isinstance(named, Doubt):
            return Doubtful(head, admission, named)
        if refusal := _named(admission, named):
            return refusal
    return _limit(admission, head, policies, record, now) or admission


def admit_told(
    doubtful: Doubtful,
    told: IdentityTold,
    policies: Policies,
    record: Record,
    now: Instant,
) -> Admission | Refusal:
    """Go on with a request of which it is now known who asks, or that nobody can tell."""
    named = settle(doubtful.doubt, told, policies.failures, record, now)
    admission = doubtful.admission
    if refusal := _named(admission, named):
        return refusal
    return _limit(admission, doubtful.head, policies, record, now) or admission


def _preflight(
    head: RequestHead, client: Client, policies: Policies, record: Record
) -> Refusal | None:
    """Answer a preflight, where the route of the request to come shares anything."""
    found = policies.router.match(asked_for(head))
    door = policies.doors.get(found.route.name) if isinstance(found, Match) else None
    if not isinstance(found, Match) or door is None or door.sharing is None:
        return None
    record.route, record.upstream = found.route.name, found.route.upstream
    return door.refuse(client) or door.sharing.preflight(head)


def _named(admission: Admission, named: Identity | Refusal) -> Refusal | None:
    """Take in who asks; return why the request goes no further, if nobody was named."""
    if isinstance(named, Refusal):
        return named.with_fields(*admission.fields)
    admission.consumer, admission.told, admission.drops = named.consumer, named.fields, named.drops
    admission.limits = named.limits
    admission.claims = named.claims
    if named.target is not admission.match.target:
        admission.match = admission.match._replace(target=named.target)
    return None


def _route(head: RequestHead, policies: Policies) -> Match | Refusal:
    """Find the route; OPTIONS that are the gateway's to answer end here, and so do loops."""
    found = policies.router.match(head)
    if isinstance(found, Refusal):
        return found
    if isinstance(found, ServerOptions) or is_last_hop(head):
        return SERVER_OPTIONS
    if via_loop(head.fields, policies.forwarding.pseudonym):
        return LOOPING
    return found


def _unserved(head: RequestHead, route: Route, *, upgrade: bool) -> Refusal | None:
    """Return why the route does not serve this, whoever asks.

    Of bodies the declared length is judged; what comes without one is counted later.
    """
    if upgrade and (refusal := upgrade_refusal(head, route) or handshake_flaw(head)):
        return refusal
    limit = route.body_max
    return too_large(limit) if limit is not None and head.body > limit else None


def _limit(
    admission: Admission, head: RequestHead, policies: Policies, record: Record, now: Instant
) -> Refusal | None:
    """Take the request out of the budgets of its route, or say which has no room for it."""
    route = admission.match.route.name
    borne = admission.limits
    limits = policies.borne_limits[route, borne] if borne else policies.limits.get(route)
    if limits is None:
        return None
    asker = Asker(admission.client.address, admission.consumer, route, head.fields)
    judgement, admission.held = limits.admit(asker, now)
    record.limits = judgement
    if judgement.outcome is not _ADMITTED:
        return over_limit(judgement).with_fields(*admission.fields)
    admission.fields += judgement.fields
    if limits.replaces:
        admission.replaces |= limits.replaces
    return None
