"""From `[limits.NAME]` to the core's limits, and which of them each route has."""

from collections.abc import Mapping

from gateway_core.clock import Duration
from gateway_core.limiting import (
    Concurrency,
    FixedWindow,
    Gcra,
    Limit,
    Limiter,
    Limits,
    PerKey,
    SlidingWindow,
    Told,
    WhenFull,
)
from gateway_core.limiting.concurrency import RETRY_AFTER

from .schema import LimitSettings, RouteSettings, Settings


def build_limits(settings: Settings) -> dict[str, Limits]:
    """Return what limits each route, by the route's name; routes without limits are left out.

    The budgets are new. Routes that name one limit share its budgets.
    """
    built = {name: build_limit(name, wanted) for name, wanted in settings.limits.items()}
    named = {route.name: limits_of(route, settings.gateway.limits) for route in settings.routes}
    return {
        route: Limits(tuple(built[name] for name in names))
        for route, names in named.items()
        if names
    }


def build_borne_limits(
    settings: Settings, limits: Mapping[str, Limits]
) -> dict[tuple[str, tuple[str, ...]], Limits]:
    """Return what limits each route for keys that bear limits: see `Policies.borne_limits`.

    `limits` are those of the routes: what has one name has one budget, whoever bears it.
    """
    borne = {
        tuple(dict.fromkeys(key.limits))
        for scheme in settings.auth.values()
        for key in scheme.keys
        if key.limits
    }
    built = {limit.name: limit for each in limits.values() for limit in each.limits}
    for name in (name for names in sorted(borne) for name in names):
        if name not in built:
            built[name] = build_limit(name, settings.limits[name])
    return {
        (route.name, names): Limits(
            tuple(
                built[name]
                for name in dict.fromkeys((*limits_of(route, settings.gateway.limits), *names))
            )
        )
        for route in settings.routes
        if route.auth
        for names in borne
    }


def limits_of(route: RouteSettings, everywhere: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the limits of `route`: those of the whole gateway first, each once."""
    return tuple(dict.fromkeys((*everywhere, *route.limits)))


def build_limit(name: str, wanted: LimitSettings) -> Limit:
    """Return the limit, with budgets of its own."""
    told = frozenset(Told(word) for word in wanted.headers)
    return Limit(name, _limiter(wanted), wanted.key, wanted.shadow, told)


def _limiter(wanted: LimitSettings) -> Limiter:
    keys_max, when_full = wanted.keys_max, WhenFull(wanted.when_full)
    if wanted.rate is None:
        assert wanted.concurrent is not None, "the checks ask for one of both"
        retry_after = RETRY_AFTER if wanted.retry_after is None else Duration(wanted.retry_after)
        return Concurrency(wanted.concurrent, retry_after, keys_max)
    rate = wanted.rate
    if wanted.algorithm == "gcra":
        return PerKey(Gcra(rate, wanted.burst or rate.quota), keys_max, when_full)
    if wanted.algorithm == "fixed-window":
        return PerKey(FixedWindow(rate), keys_max, when_full)
    return PerKey(SlidingWindow(rate), keys_max, when_full)
