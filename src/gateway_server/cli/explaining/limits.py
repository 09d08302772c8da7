"""Which limits the request stands under, and whose budgets it is taken from."""

from collections.abc import Iterator

from gateway_core.limiting import ByClient, ByConsumer, ByHeader, KeyPart
from gateway_core.limiting.keys import site
from gateway_core.message import value

from ...settings.limits import build_limit, limits_of
from ...settings.places import KeyPath
from .case import Case
from .contract import Fact


def limits(case: Case) -> Iterator[Fact]:
    """Tell each limit: what it allows, who named it, how it counts, and by what."""
    if case.match is None:
        return
    everywhere = case.settings.gateway.limits
    named = limits_of(case.wanted, everywhere)
    for name in named:
        wanted = case.settings.limits[name]
        path: KeyPath = ("limits", name)
        shadow = ", as a shadow: it refuses nobody" if wanted.shadow else ""
        allows = build_limit(name, wanted).allows
        key = "rate" if wanted.rate is not None else "concurrent"
        yield Fact(f"{name}: {allows}{shadow}", (*path, key))
        yield Fact(
            "named for every route" if name in everywhere else "named by the route",
            _named(case, name),
            1,
        )
        yield Fact(f"counted for {_whose(case, wanted.key)}", (*path, "key"), 1)
        if wanted.rate is not None:
            burst = f", {wanted.burst or wanted.rate.quota} at once" * (wanted.algorithm == "gcra")
            yield Fact(f"by {wanted.algorithm}{burst}", (*path, "algorithm"), 1)

    yield from _borne(case, named)


def _borne(case: Case, named: tuple[str, ...]) -> Iterator[Fact]:
    """Tell the limits that keys bear, each once a scheme: which key is shown is not looked at."""
    told: set[tuple[str, str]] = set()
    for scheme in case.wanted.auth:
        for index, key in enumerate(case.settings.auth[scheme].keys):
            for place, name in enumerate(key.limits):
                if name in named or (scheme, name) in told:
                    continue
                told.add((scheme, name))
                allows = build_limit(name, case.settings.limits[name]).allows
                bearers = [one.id for one in case.settings.auth[scheme].keys if name in one.limits]
                whose = bearers[0] if len(bearers) == 1 else f"{len(bearers)} keys"
                yield Fact(f"{name}: {allows}, for {whose} of {scheme} alone", ("limits", name))
                where: KeyPath = ("auth", scheme, "keys", index, "limits", place)
                yield Fact("borne by the key", where, 1)


def _named(case: Case, name: str) -> KeyPath:
    everywhere = case.settings.gateway.limits
    if name in everywhere:
        return ("gateway", "limits", everywhere.index(name))
    return ("routes", case.place, "limits", case.wanted.limits.index(name))


def _whose(case: Case, key: tuple[KeyPart, ...]) -> str:
    return " and ".join(_part(case, part) for part in key) or "everybody together"


def _part(case: Case, part: KeyPart) -> str:
    """Say what is looked at. The value of a field may be a secret, so only whether it is there."""
    match part:
        case ByClient():
            return f"the client {site(case.client.address)}"
        case ByConsumer():
            return f"the consumer, or {site(case.client.address)} if nobody is named"
        case ByHeader(name):
            is_there = value(case.head.fields, name) is not None
            said = "as it is here" if is_there else "which is not here"
            return f"the field {name.decode()}, {said}"
        case _:
            return f"the route {case.wanted.name}"
