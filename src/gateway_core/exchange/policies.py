"""What every exchange of one gateway consults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..caching.keying import names_of
from ..caching.policy import CachePolicy
from ..chance import Dice, SplitMix
from ..clock import Duration, seconds
from ..composing import Plan, part_routes
from ..compressing import Compression
from ..errors import ConfigError
from ..forwarding import DEFAULT_RULES, ForwardingPlan, ForwardingRules, forwarding_plan
from ..limiting import Limiter, Limits
from ..roster import Roster
from ..routing import Route, Router
from ..transforming import AnswerChange, Transformation
from ..upstream import Upstream
from .cache import Cache
from .door import Door
from .identity import failure_limit

BODY_TIMEOUT: Final = seconds(30)
WRITE_TIMEOUT: Final = seconds(30)


@dataclass(frozen=True, slots=True)
class Policies:
    """The router, the upstreams that its routes name, and what goes for all.

    Raises ConfigError where a route names no upstream, or its fields cannot be written.
    """

    router: Router
    upstreams: Mapping[str, Upstream]
    forwarding: ForwardingRules = DEFAULT_RULES
    body_timeout: Duration = BODY_TIMEOUT
    """How long a client may be silent in the middle of its body."""
    write_timeout: Duration = WRITE_TIMEOUT
    """How long a client may take nothing of what it is sent."""
    limits: Mapping[str, Limits] = field(default_factory=dict[str, Limits])
    """What limits each route has, by the route's name; the budgets are shared by reference."""
    borne_limits: Mapping[tuple[str, tuple[str, ...]], Limits] = field(
        default_factory=dict[tuple[str, tuple[str, ...]], Limits]
    )
    """What limits a request on each route whose credential bears limits: the route's and these,
    by the route's name and those of the borne ones."""
    doors: Mapping[str, Door] = field(default_factory=dict[str, Door])
    """What each route asks of whoever comes, by the route's name; none: everybody may."""
    failures: Limiter = field(default_factory=failure_limit)
    """Counts wrong credentials, by the client's address."""
    transformations: Mapping[str, Transformation] = field(default_factory=dict[str, Transformation])
    """What each route changes by values of the request, by the route's name."""
    answers: Mapping[str, AnswerChange] = field(default_factory=dict[str, AnswerChange])
    """What each route changes in its answers, beside its plan, by the route's name."""
    compressions: Mapping[str, Compression] = field(default_factory=dict[str, Compression])
    """What is compressed on each route, by the route's name."""
    compositions: Mapping[str, Plan] = field(default_factory=dict[str, Plan])
    """What a route answers that has no upstream, by the route's name."""
    parts: Mapping[str, Route] = field(init=False)
    """Where the requests of compositions go, by the route's name; no client can ask for one."""
    dice: Dice = field(default_factory=lambda: SplitMix(0))
    """All chance there is. A server gives dice that nobody can foresee."""
    cache: Cache = field(default_factory=Cache)
    """What is stored; shared by reference."""
    caching: Mapping[str, CachePolicy] = field(default_factory=dict[str, CachePolicy])
    """How each route that does caches, by the route's name."""
    plans: Mapping[str, ForwardingPlan] = field(init=False)
    """What forwarding does on each route, by the route's name."""
    rosters: Mapping[str, Roster] = field(init=False)
    """The endpoints on duty, by the upstream's name. What is remembered of them changes."""

    def __post_init__(self) -> None:
        """Work out the plan of each route, and call up the endpoints of each upstream."""
        rosters = {name: Roster(each, self.dice) for name, each in self.upstreams.items()}
        object.__setattr__(self, "rosters", rosters)
        plans: dict[str, ForwardingPlan] = {}
        borne: dict[str, list[Limits]] = {}
        for (name, _), limits in self.borne_limits.items():
            borne.setdefault(name, []).append(limits)
        parts = part_routes(self.compositions)
        object.__setattr__(self, "parts", parts)
        for place, route in enumerate((*self.router.routes, *parts.values())):
            if route.upstream not in self.upstreams and route.name not in self.compositions:
                raise ConfigError(f"routes.{place}.upstream", f"{route.upstream!r} is not defined")
            plans[route.name] = forwarding_plan(
                self.forwarding,
                request_edits=route.request_edits,
                response_edits=route.response_edits,
                prefix=str(route.pattern).encode("ascii") if route.strip_prefix else b"",
                relied=self._relied(route, borne.get(route.name, [])),
            )
        object.__setattr__(self, "plans", plans)

    def _relied(self, route: Route, borne: list[Limits]) -> frozenset[bytes]:
        """Return the fields by which the gateway decides on `route`: Connection cannot drop them."""
        matchers = frozenset(rule.name for rule in route.headers)
        for more in (self.limits.get(route.name), self.doors.get(route.name), *borne):
            if more is not None:
                matchers |= more.relied
        if (change := self.transformations.get(route.name)) is not None:
            matchers |= change.names
        caching = self.caching.get(route.name)
        return matchers if caching is None else matchers.union(names_of(caching))
