"""What is wrong within `[limits.NAME]`, and between them and the routes that name them."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final, cast

from gateway_core.limiting import ByConsumer

from .environment import Substituted
from .places import KeyPath, quote
from .problem import Finding, Severity
from .schema import LimitSettings, RouteSettings

REMEMBERED_MAX: Final = 1000
"""Requests a window that a sliding window should remember, for each key."""
_INSTANT_BYTES: Final = 8
_NAMES_LISTED_MAX: Final = 12

_RATE_ONLY: Final = ("algorithm", "burst", "when_full")


def check_limits(
    tree: Mapping[str, object],
    limits: Mapping[str, LimitSettings],
    routes: Mapping[int, RouteSettings],
) -> Iterator[Finding]:
    """Yield everything that is wrong; `limits` and `routes` are those right by themselves."""
    for name, wanted in limits.items():
        yield from _within(("limits", name), wanted)
    known = tuple(_names(tree.get("limits")))
    uses = dict(_uses(tree))
    for path, name in uses.items():
        if name not in known:
            yield _unknown(path, name, known)
    yield from _twice(uses)
    for name in known:
        if name not in uses.values():
            message = f"no route has the limit {quote(name)}, nor a key, nor the gateway as a whole"
            yield _warning(("limits", name), message, f'write limits = ["{name}"]', on_key=True)
    yield from _nameless(uses, limits, routes)


def _within(path: KeyPath, wanted: LimitSettings) -> Iterator[Finding]:
    given = wanted.model_fields_set
    if wanted.rate is None and wanted.concurrent is None:
        cure = 'write rate = "10/60s", or concurrent = 10'
        yield Finding(path, "the limit has neither rate nor concurrent", cure, on_key=True)
    elif wanted.rate is None:
        for key in _RATE_ONLY:
            if key in given:
                message = f"says nothing of a limit on requests at once: {_WHY[key]}"
                yield Finding((*path, key), message, "remove it", on_key=True)
    elif wanted.concurrent is not None:
        cure = "make it two limits, and name both on the route"
        message = "a limit has rate or concurrent, not both"
        yield Finding((*path, "concurrent"), message, cure, on_key=True)
    else:
        yield from _within_rate(path, wanted)


_WHY: Final = {
    "algorithm": "there is one way to count them",
    "burst": "all of them may come at once",
    "when_full": "all that are counted are busy, and none can be forgotten",
}


def _within_rate(path: KeyPath, wanted: LimitSettings) -> Iterator[Finding]:
    assert wanted.rate is not None
    if wanted.burst is not None and wanted.algorithm != "gcra":
        message = f"{wanted.algorithm} knows no burst"
        yield Finding((*path, "burst"), message, 'write algorithm = "gcra", or remove it')
    if wanted.retry_after is not None:
        message = "a rate's Retry-After is worked out"
        yield Finding((*path, "retry_after"), message, "remove it", on_key=True)
    quota = wanted.rate.quota
    if wanted.algorithm == "sliding-window" and quota > REMEMBERED_MAX:
        each, most = quota * _INSTANT_BYTES, quota * _INSTANT_BYTES * wanted.keys_max
        message = (
            f"an exact window remembers each of {quota} requests: {_bytes(each)} a key, "
            f"{_bytes(most)} where {wanted.keys_max} keys are busy"
        )
        yield _warning((*path, "rate"), message, 'algorithm = "gcra" takes one number a key')


def _bytes(count: int) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count} {unit}"
        count = -(-count // 1000)
    return f"{count} TB"


def _uses(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, str]]:
    """Yield each place where a limit is named, and the name; whatever else is wrong there."""
    yield from _named(("gateway", "limits"), _table(tree.get("gateway")))
    for index, route in enumerate(_list(tree.get("routes"))):
        yield from _named(("routes", index, "limits"), _table(route))
    for scheme, wanted in _table(tree.get("auth")).items():
        for index, key in enumerate(_list(_table(wanted).get("keys"))):
            yield from _named(("auth", scheme, "keys", index, "limits"), _table(key))


def _named(path: KeyPath, table: Mapping[str, object]) -> Iterator[tuple[KeyPath, str]]:
    names = table.get("limits")
    if isinstance(names, str):
        yield path, names
    elif isinstance(names, list):
        for place, name in enumerate(cast("list[object]", names)):
            if isinstance(name, str):
                yield (*path, place), name


def _twice(uses: Mapping[KeyPath, str]) -> Iterator[Finding]:
    """Tell of names that stand twice in one list. Beside the gateway's they are taken once."""
    seen: set[tuple[KeyPath, str]] = set()
    for path, name in uses.items():
        if (path[:-1], name) in seen:
            yield Finding(path, "this limit stands here twice", "remove one")
        seen.add((path[:-1], name))


def _nameless(
    uses: Mapping[KeyPath, str],
    limits: Mapping[str, LimitSettings],
    routes: Mapping[int, RouteSettings],
) -> Iterator[Finding]:
    """Tell of limits by consumer on routes that ask nobody who it is."""
    for path, name in uses.items():
        wanted = limits.get(name)
        if wanted is None or not any(isinstance(part, ByConsumer) for part in wanted.key):
            continue
        route = routes.get(int(path[1])) if path[0] == "routes" else None
        if route is not None and not route.auth:
            message = (
                f"the limit {quote(name)} counts by consumer, and this route asks nobody "
                "who it is: each address is counted"
            )
            yield _warning(path, message, 'write auth = ["..."], or key = "client" in the limit')


def _unknown(path: KeyPath, name: str, known: tuple[str, ...]) -> Finding:
    if isinstance(name, Substituted):
        return Finding(path, "there is no limit of this name", f"known: {_listed(known)}")
    near = get_close_matches(name, known, 1, 0.6)
    cure = f"did you mean {quote(near[0])}?" if near else f"known: {_listed(known)}"
    if not known:
        table = name if name.replace("-", "").replace("_", "").isalnum() else quote(name)
        cure = f'write [limits.{table}] with rate = "10/60s"'
    return Finding(path, f"there is no limit {quote(name)}", cure)


def _warning(path: KeyPath, message: str, cure: str = "", *, on_key: bool = False) -> Finding:
    return Finding(path, message, cure, Severity.WARNING, on_key=on_key)


def _listed(names: tuple[str, ...]) -> str:
    more = " ..." if len(names) > _NAMES_LISTED_MAX else ""
    return ", ".join(names[:_NAMES_LISTED_MAX]) + more


def _list(node: object) -> list[object]:
    return cast("list[object]", node) if isinstance(node, list) else []


def _table(node: object) -> dict[str, object]:
    return cast("dict[str, object]", node) if isinstance(node, dict) else {}


def _names(node: object) -> Iterator[str]:
    yield from _table(node)
