"""The endpoints of one upstream on duty: every policy about them, asked in its turn.

    take      bound on calls -> well, not ejected (or panic) -> balancer -> breaker's permit
    settle    answered, failed or released: breaker, ejector and bound learn of it
    end       the call is over, to the last byte: no longer in flight

A lease is taken, settled and ended; whoever takes one gives it back whatever happens. Leases
hold on to their member, so that one which has left meanwhile takes it back all the same.

Panic: if fewer than half of the endpoints are well, health is ignored. Then it is likelier
that the checks are wrong, or the network is; and the few that are left would be drowned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..adapting import Adaptive
from ..balancing import BALANCERS, Balancer
from ..breaking import Breaker, State
from ..chance import Dice
from ..clock import SECOND, Duration, Instant
from ..ejecting import Ejector
from ..errors import FailureKind
from ..ratio import reaches
from ..retrying import Budget
from ..upstream import Endpoint, Upstream
from .member import Lease, Member
from .unavailable import Lack, Unavailable

_TOO_LATE = frozenset({FailureKind.RESPONSE_TIMEOUT, FailureKind.WRITE_TIMEOUT})
"""Failures that say how long the service takes: longer than we wait."""


@dataclass(slots=True)
class Roster:
    """See the module's docstring. One an upstream, shared by all its exchanges."""

    upstream: Upstream
    dice: Dice
    members: list[Member] = field(init=False)
    balancer: Balancer = field(init=False)
    budget: Budget = field(default_factory=Budget)
    adaptive: Adaptive | None = field(init=False)
    ejector: Ejector | None = field(init=False)
    _lone: Member | None = field(init=False)
    """The only endpoint, where no policy has a say: nearly always."""
    _calm: bool = field(init=False)
    """Whether everybody is known to be well, in and warm: then nobody need be looked at."""

    def __post_init__(self) -> None:
        upstream = self.upstream
        self.balancer = BALANCERS[upstream.balance]()
        self.adaptive = None if upstream.adaptive is None else Adaptive(upstream.adaptive)
        self._apply(upstream)
        self.members = []
        for endpoint in upstream.endpoints:
            self._join(Member(endpoint))
        self._take_stock()

    # Calls

    def take(self, key: bytes, now: Instant, avoid: Member | None = None) -> Lease | Unavailable:
        """Take the right to one call, not of `avoid` if another may be called.

        `key` says which requests belong together.
        """
        lone = self._lone
        if lone is not None:
            lone.in_flight += 1
            return Lease(lone, now)
        bound = self.adaptive
        if bound is not None and not bound.admit():
            return Unavailable(Lack.OVERLOAD)
        lease = self._take(key, now, avoid)
        if bound is not None:
            if isinstance(lease, Unavailable):
                bound.released()
            else:
                lease.bound = bound
        return lease

    def answered(self, lease: Lease, status: int, now: Instant) -> None:
        """Settle `lease`: the head of an answer is here. 5xx is a failure, 429 is none."""
        if self._lone is None:
            self._settle(lease, now, failed=status >= 500, measured=True)

    def failed(self, lease: Lease, kind: FailureKind, now: Instant) -> None:
        """Settle `lease`: no answer came. That our own queue was full says nothing of it."""
        if kind is FailureKind.OVERLOADED:
            self.released(lease)
        elif self._lone is None:
            self._settle(lease, now, failed=True, measured=kind in _TOO_LATE)

    def released(self, lease: Lease) -> None:
        """Settle `lease`, of which nothing was learnt. Does nothing if it is settled."""
        if lease.settled:
            return
        lease.settled = True
        if lease.breaker is not None:
            lease.breaker.released(lease.permit)
        if lease.bound is not None:
            lease.bound.released()

    def end(self, lease: Lease) -> None:
        """Give `lease` back: the call is over. Twice is once."""
        if not lease.ended:
            lease.ended = True
            if lease.breaker is not None or lease.bound is not None:
                self.released(lease)
            lease.member.in_flight -= 1

    # Endpoints

    def probed(self, endpoint: Endpoint, now: Instant, *, well: bool) -> None:
        """Hear what active checks say of `endpoint`."""
        for member in self.members:
            if member.endpoint == endpoint and member.well != well:
                member.well = well
                if well:
                    self._warm_up(member, now)
        self._take_stock()

    def update(self, upstream: Upstream, now: Instant) -> None:
        """Go on with other endpoints and rules. Who stays keeps what is remembered of it."""
        known = {member.endpoint: member for member in self.members}
        self._apply(upstream)
        self.members = []
        for endpoint in upstream.endpoints:
            member = known.pop(endpoint, None)
            if member is None:
                self._warm_up(self._join(Member(endpoint)), now)
            else:
                self._join(member)
        for gone in known.values():
            self.balancer.forget(gone.name)
        self._take_stock()

    # How it is done

    def _apply(self, upstream: Upstream) -> None:
        """Take the rules of `upstream`; what was learnt under the same rules is kept."""
        before, self.upstream = self.upstream, upstream
        if upstream.balance != before.balance:
            self.balancer = BALANCERS[upstream.balance]()
        if upstream.adaptive != before.adaptive:
            self.adaptive = None if upstream.adaptive is None else Adaptive(upstream.adaptive)
        # Standings are few and short-lived: they begin anew.
        self.ejector = None if upstream.ejection is None else Ejector(upstream.ejection)

    def _join(self, member: Member) -> Member:
        rules = self.upstream.breaker
        if rules is None:
            member.breaker = None
        elif member.breaker is None or member.breaker.rules != rules:
            member.breaker = Breaker(rules)
        member.standing = None if self.ejector is None else self.ejector.join()
        self.members.append(member)
        return member

    def _take_stock(self) -> None:
        """Look anew at who is there."""
        self._calm = False
        one = self.members[0]
        # A share means nothing to one that is alone, nor does being ejected or warming up.
        plain = one.breaker is None and one.well
        self._lone = one if plain and len(self.members) == 1 and self.adaptive is None else None

    def _warm_up(self, member: Member, since: Instant) -> None:
        if self.upstream.slow_start:
            member.warm_up(since)
            self._calm = False

    def _take(self, key: bytes, now: Instant, avoid: Member | None) -> Lease | Unavailable:
        fit = self.members if self._calm else self._fit(now)
        candidates = fit if avoid is None else [each for each in fit if each is not avoid]
        while candidates:
            chosen = candidates[self.balancer.choose(candidates, key, self.dice)]
            lease = _admit(chosen, now)
            if lease is not None:
                return lease
            candidates = [each for each in candidates if each is not chosen]
        if avoid is not None and any(each is avoid for each in fit):
            return _admit(avoid, now) or _unavailable(fit, now)
        return _unavailable(fit, now)

    def _fit(self, now: Instant) -> list[Member]:
        """Return the endpoints that may be called, breakers not asked yet."""
        members, window = self.members, self.upstream.slow_start
        for member in members:
            if member.warming:
                member.warm(window, now)
        fit = [member for member in members if member.fits(now)]
        everybody = len(fit) == len(members)
        self._calm = everybody and not any(each.warming for each in members)
        if everybody or reaches(len(fit), len(members), self.upstream.panic):
            return fit
        return members

    def _settle(self, lease: Lease, now: Instant, *, failed: bool, measured: bool) -> None:
        if lease.settled:
            return
        lease.settled = True
        member, breaker, bound = lease.member, lease.breaker, lease.bound
        took = Duration(now - lease.since)
        if breaker is not None:
            if failed:
                breaker.failed(lease.permit, took, now)
            elif breaker.succeeded(lease.permit, took, now):
                self._warm_up(member, now)
        ejector, standing = self.ejector, member.standing
        if ejector is not None and standing is not None:
            ejected = ejector.record(standing, now, failed=failed)
            if ejected:
                self._calm = False
                self._warm_up_ejected(now)
        if bound is not None:
            if measured:
                bound.ended(took, now, self.dice)
            else:
                bound.released()

    def _warm_up_ejected(self, now: Instant) -> None:
        """Whoever is out begins with a small share once it is back."""
        for member in self.members:
            if member.standing is not None and member.standing.is_out(now):
                self._warm_up(member, member.standing.out_until)


def _admit(member: Member, now: Instant) -> Lease | None:
    """Return a lease of `member`, if its breaker gives a permit."""
    breaker = member.breaker
    if breaker is None:
        member.in_flight += 1
        return Lease(member, now)
    permit = breaker.admit(now)
    if permit is None:
        return None
    member.in_flight += 1
    return Lease(member, now, breaker, permit)


def _unavailable(fit: Sequence[Member], now: Instant) -> Unavailable:
    """Return why none of `fit` could be taken."""
    if not fit:
        return Unavailable(Lack.NO_ENDPOINT)
    opening = [
        member.breaker.half_open_at - now
        for member in fit
        if member.breaker is not None and member.breaker.state is State.OPEN
    ]
    # Half-open, with every probe out: who knows? Soon.
    return Unavailable(Lack.BREAKER_OPEN, Duration(min(opening, default=SECOND)))
