"""What the tests of exchanges share: a small gateway in values, and short names for requests."""

from dataclasses import replace
from typing import Any

from gateway_core.adapting import AdaptiveRules
from gateway_core.breaking import BreakerRules, SlowRule
from gateway_core.chance import SplitMix
from gateway_core.clock import seconds
from gateway_core.composing import Shape, field_template
from gateway_core.ejecting import EjectionRules
from gateway_core.exchange import Policies
from gateway_core.forwarding import ForwardingRules
from gateway_core.limiting import ByClient, Concurrency, Limit, Limits, PerKey, Rate, SlidingWindow
from gateway_core.message import FieldEdits, Fields, RequestHead
from gateway_core.ratio import percent
from gateway_core.retrying import RetryRules
from gateway_core.routing import Pattern, Route, Router
from gateway_core.transforming import AnswerChange, Rewriting, StatusMap
from gateway_core.upstream import Endpoint, Upstream
from tests.compositions import part, plan

ENDPOINT = Endpoint("http", "10.0.0.1", 8001)
UPSTREAM = Upstream(
    "service-a",
    (ENDPOINT,),
    connect_timeout=seconds(2),
    response_timeout=seconds(15),
    idle_timeout=seconds(60),
)
ROUTES = (
    Route("a", Pattern.prefix("/a"), "service-a", strip_prefix=True, body_max=100),
    Route("get-only", Pattern.path("/get"), "service-a", methods=frozenset({"GET"})),
    Route("unbound", Pattern.prefix("/unbound"), "service-a", body_max=None),
)
POLICIES = Policies(
    Router(ROUTES),
    {"service-a": UPSTREAM},
    ForwardingRules(),
    body_timeout=seconds(30),
    write_timeout=seconds(20),
)

EVERY_POLICY = replace(
    UPSTREAM,
    endpoints=(ENDPOINT, Endpoint("http", "10.0.0.2", 8001), Endpoint("http", "10.0.0.3", 8001)),
    retries=RetryRules(tries=3),
    per_try_timeout=seconds(3),
    breaker=BreakerRules(failure_ratio=percent(50), slow=SlowRule(seconds(2), percent(50))),
    ejection=EjectionRules(),
    slow_start=seconds(30),
    adaptive=AdaptiveRules(limit_min=50),
    hedge_after=seconds(0.5),
)


def protected(**changes: Any) -> Policies:
    """A gateway of its own whose upstream has every policy, or as `changes` say."""
    upstream = replace(EVERY_POLICY, **changes)
    return replace(POLICIES, upstreams={"service-a": upstream}, dice=SplitMix(0))


def limited_policies(*limits: Limit) -> Policies:
    """The same gateway, with limits of its own on route "a": two in ten seconds, one at once."""
    return replace(POLICIES, limits={"a": Limits(limits or (windowed(), at_once()))})


def windowed(quota: int = 2, name: str = "per-client", **more) -> Limit:
    rate = Rate(quota, seconds(10))
    return Limit(name, PerKey(SlidingWindow(rate)), (ByClient(),), **more)


def at_once(quota: int = 1) -> Limit:
    return Limit("at-once", Concurrency(quota), (ByClient(),))


def get(
    target: bytes = b"/a/x", *, method: str = "GET", body: int = 0, fields: Fields = ()
) -> RequestHead:
    """A request from 192.0.2.1, with the framing that its body asks for."""
    host = (b"host", b"gw.example")
    return RequestHead(method, target, b"gw.example", (host, *fields), "192.0.2.1", body=body)


REWRITING = replace(
    POLICIES,
    answers={
        "a": AnswerChange(
            StatusMap({"404": 410}),
            ((b"x-who", field_template("{client}")),),
            rewriting=Rewriting(Shape.of({"n": "body.name"}), size_max=100),
        )
    },
)
"""The same, but route "a" rewrites its answers."""

DETAIL = Route(
    "detail",
    Pattern.path("/detail/{id}"),
    "",
    methods=frozenset({"GET"}),
    response_edits=FieldEdits(set=((b"x-team", b"a"),)),
)
COMPOSING = replace(
    POLICIES,
    router=Router((*ROUTES, DETAIL)),
    compositions={"detail": plan(replace(part("a", "/{id}"), upstream="service-a"))},
)
"""The same, and a route that is answered by composition."""
