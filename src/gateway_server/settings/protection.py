"""What protects an upstream, and its clients from it: from settings to the core's rules, and checks."""

from collections.abc import Iterator
from typing import Final, TypedDict

from gateway_core.adapting import AdaptiveRules
from gateway_core.balancing import HashOn
from gateway_core.breaking import BreakerRules, SlowRule
from gateway_core.clock import Duration
from gateway_core.ejecting import EjectionRules
from gateway_core.probe import ProbeRules
from gateway_core.ratio import Ratio
from gateway_core.retrying import NO_RETRIES, RetryRules
from gateway_core.upstream import Fallback

from .places import KeyPath
from .problem import Finding, Severity
from .schema import Settings, UpstreamSettings
from .schema.protection import Breaker, Outlier, Retries, causes_of, statuses_of

_FOR_SEVERAL: Final = ("outlier", "slow_start", "hedge", "balance", "panic")
"""Keys that mean nothing where there is one endpoint."""


class Protection(TypedDict):
    """The fields of an `Upstream` that this room makes."""

    balance: str
    hash_on: HashOn | None
    retries: RetryRules
    per_try_timeout: Duration | None
    breaker: BreakerRules | None
    ejection: EjectionRules | None
    slow_start: Duration
    panic: Ratio
    adaptive: AdaptiveRules | None
    hedge_after: Duration | None
    fallback: Fallback | None


def protection(wanted: UpstreamSettings) -> Protection:
    """Return the rules that the settings of an upstream stand for."""
    adaptive, fallback = wanted.adaptive_concurrency, wanted.fallback
    return Protection(
        balance=wanted.balance,
        hash_on=wanted.hash_on,
        retries=NO_RETRIES if wanted.retries is None else _retries(wanted.retries),
        per_try_timeout=wanted.per_try_timeout,
        breaker=None if wanted.breaker is None else _breaker(wanted.breaker),
        ejection=None if wanted.outlier is None else _ejection(wanted.outlier),
        slow_start=wanted.slow_start or Duration(0),
        panic=Ratio(wanted.panic),
        adaptive=None if adaptive is None else AdaptiveRules(adaptive.min, adaptive.max),
        hedge_after=None if wanted.hedge is None else Duration(wanted.hedge.after),
        fallback=None
        if fallback is None
        else Fallback(fallback.status, fallback.body, fallback.content_type),
    )


def build_probes(settings: Settings) -> dict[str, ProbeRules]:
    """Return how the endpoints of each upstream are checked, of those that are."""
    return {
        name: ProbeRules(
            wanted.health.path,
            Duration(wanted.health.interval),
            Duration(wanted.health.timeout),
            wanted.health.healthy,
            wanted.health.unhealthy,
        )
        for name, wanted in settings.upstreams.items()
        if wanted.health is not None
    }


def check_protection(path: KeyPath, wanted: UpstreamSettings) -> Iterator[Finding]:
    """Yield what is wrong between the keys of one upstream."""
    if wanted.balance == "hash" and wanted.hash_on is None:
        cure = 'write hash_on = "client", "header:NAME" or "cookie:NAME"'
        yield Finding((*path, "balance"), "hash needs to know what to hash", cure)
    if wanted.balance != "hash" and wanted.hash_on is not None:
        yield Finding(
            (*path, "hash_on"), "is for hash alone", 'write balance = "hash"', on_key=True
        )
    if wanted.per_try_timeout is not None:
        yield from _per_try(path, wanted, wanted.per_try_timeout)
    if (breaker := wanted.breaker) is not None and breaker.open_for_max < breaker.open_for:
        message = "is shorter than open_for"
        yield Finding((*path, "breaker", "open_for_max"), message, "it is the longest of all")
    if (outlier := wanted.outlier) is not None and outlier.ejected_for_max < outlier.ejected_for:
        message = "is shorter than ejected_for"
        yield Finding((*path, "outlier", "ejected_for_max"), message, "it is the longest of all")
    if (bound := wanted.adaptive_concurrency) is not None and bound.max < bound.min:
        cure = f"write {bound.min} or more, or a smaller min"
        yield Finding((*path, "adaptive_concurrency", "max"), "is less than min", cure)
    if len(wanted.endpoints) == 1:
        for key in _FOR_SEVERAL:
            if key in wanted.model_fields_set:
                message = "does nothing for an upstream with one endpoint"
                yield Finding((*path, key), message, severity=Severity.WARNING, on_key=True)


def _per_try(path: KeyPath, wanted: UpstreamSettings, most: Duration) -> Iterator[Finding]:
    key = (*path, "per_try_timeout")
    if wanted.retries is None:
        cure = "write retries = {}, or bound the only try by response_timeout"
        yield Finding(key, "there is one try alone", cure, on_key=True)
    elif most >= wanted.response_timeout:
        message = "leaves no time for another try: response_timeout is not longer"
        yield Finding(key, message, "shorten it", Severity.WARNING)


def _retries(wanted: Retries) -> RetryRules:
    return RetryRules(
        tries=wanted.attempts,
        causes=causes_of(wanted.on),
        statuses=statuses_of(wanted.on),
        budget=wanted.budget,
        budget_min=wanted.budget_min,
        replay_max=wanted.max_body,
    )


def _breaker(wanted: Breaker) -> BreakerRules:
    slow = wanted.slow
    return BreakerRules(
        consecutive_failures=wanted.consecutive_failures,
        failure_ratio=wanted.failure_ratio,
        slow=None if slow is None else SlowRule(Duration(slow.over), slow.ratio),
        minimum=wanted.minimum,
        window=Duration(wanted.window),
        open_for=Duration(wanted.open_for),
        open_for_max=Duration(wanted.open_for_max),
        probes=wanted.probes,
        probes_to_close=wanted.probes_to_close or wanted.probes,
    )


def _ejection(wanted: Outlier) -> EjectionRules:
    return EjectionRules(
        wanted.consecutive_failures,
        Duration(wanted.interval),
        Duration(wanted.ejected_for),
        Duration(wanted.ejected_for_max),
        wanted.ejected_max,
    )
