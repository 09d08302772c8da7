"""From a route's `cache` to the core's policy."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from gateway_core.caching import CachePolicy, QueryKey
from gateway_core.composing import part_route_name

from .places import KeyPath
from .problem import Finding
from .schema import CacheSettings, RouteSettings, Settings

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def build_caching(settings: Settings) -> dict[str, CachePolicy]:
    """Return the policies of the routes that cache, by the route's name."""
    policies: dict[str, CachePolicy] = {}
    for route in settings.routes:
        if route.cache is not None:
            policies[route.name] = cache_policy(route.cache)
        for name, part in route.compose.parts.items() if route.compose is not None else ():
            if part.cache is not None:
                policies[part_route_name(route.name, name)] = cache_policy(part.cache)
    return policies


def cache_policy(wanted: CacheSettings) -> CachePolicy:
    """Return what the core is to do. ConfigError where `check_caching` finds something."""
    named = isinstance(wanted.key.query, tuple)
    return CachePolicy(
        ttl=wanted.ttl,
        force=wanted.force,
        vary=_names(wanted.vary),
        query=QueryKey.NAMED if named else QueryKey(wanted.key.query),
        query_names=frozenset(name.encode() for name in wanted.key.query) if named else frozenset(),
        key_headers=_names(wanted.key.headers),
        key_cookies=tuple(name.encode() for name in wanted.key.cookies),
        stale_while_revalidate=wanted.stale_while_revalidate,
        stale_if_error=wanted.stale_if_error,
        max_entry=wanted.max_entry,
        store_cookies=wanted.set_cookie == "store",
        partition=wanted.partition == "consumer",
        no_vary_search=wanted.no_vary_search,
    )


def check_caching(routes: Mapping[int, RouteSettings]) -> Iterator[Finding]:
    """Yield what is wrong with the `cache` of each route."""
    for index, route in routes.items():
        at: KeyPath = ("routes", index, "cache")
        if route.cache is not None:
            if route.compose is not None:
                cure = "remove it here; its parts may have one"
                yield Finding(at, "what is composed is not stored", cure, on_key=True)
            for finding in _findings(route.cache):
                yield replace(finding, path=(*at, *finding.path))
        for name, part in route.compose.parts.items() if route.compose is not None else ():
            at = ("routes", index, "compose", "parts", name, "cache")
            for finding in _findings(part.cache) if part.cache is not None else ():
                yield replace(finding, path=(*at, *finding.path))


def _findings(wanted: CacheSettings) -> Iterator[Finding]:
    if wanted.force and wanted.ttl is None:
        yield Finding(("force",), "without a ttl there is nothing to force", "give one")
    listed: tuple[tuple[KeyPath, tuple[str, ...]], ...] = (
        (("vary",), wanted.vary),
        (("key", "headers"), wanted.key.headers),
        (("key", "cookies"), wanted.key.cookies),
    )
    for path, names in listed:
        for place, name in enumerate(names):
            if not _NAME.fullmatch(name):
                of = "cookie" if path[-1] == "cookies" else "field"
                yield Finding(
                    (*path, place), f"is no name of a {of}", "write letters, digits and '-'"
                )


def _names(names: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(sorted({name.lower().encode() for name in names}))
