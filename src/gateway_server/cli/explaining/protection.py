"""Which endpoint takes the request, when it is asked again, and what happens if none can be."""

from collections.abc import Iterator

from gateway_core.balancing import hash_key
from gateway_core.message import IDEMPOTENT

from ...settings.places import KeyPath
from ...settings.schema import UpstreamSettings
from ...settings.schema.values import spell_duration
from .case import Case
from .contract import Fact


def protection(case: Case) -> Iterator[Fact]:
    """Tell what protects each upstream that is asked; nothing where nothing does."""
    if case.match is None:
        return
    for name in case.upstreams:
        wanted, path = case.settings.upstreams[name], ("upstreams", name)
        facts = [*_choice(case, wanted, path), *_health(wanted, path), *_again(case, wanted, path)]
        if facts:
            yield Fact(f"upstream {name}", path)
            yield from facts


def _choice(case: Case, wanted: UpstreamSettings, path: KeyPath) -> Iterator[Fact]:
    if len(wanted.endpoints) > 1:
        by = ""
        if wanted.hash_on is not None:
            fields, client = case.head.fields, case.client.address
            there = "which is here" if hash_key(wanted.hash_on, client, fields) else "by chance"
            by = f" of the {wanted.hash_on.what} {wanted.hash_on.name.decode()}".rstrip()
            by += f", {there}" if wanted.hash_on.what != "client" else ""
        yield Fact(f"endpoint by {wanted.balance}{by}", (*path, "balance"), 1)
    if (bound := wanted.adaptive_concurrency) is not None:
        text = f"at most {bound.min} to {bound.max} calls at once, as it bears, then 503"
        yield Fact(text, (*path, "adaptive_concurrency"), 1)


def _health(wanted: UpstreamSettings, path: KeyPath) -> Iterator[Fact]:
    if (breaker := wanted.breaker) is not None:
        text = (
            f"left alone after {breaker.consecutive_failures} failures in a row, "
            f"for {spell_duration(breaker.open_for)} at first; 503 meanwhile"
        )
        yield Fact(text, (*path, "breaker"), 1)
    if (health := wanted.health) is not None:
        text = (
            f"endpoints checked by {health.path.decode()} every {spell_duration(health.interval)}"
        )
        yield Fact(text, (*path, "health"), 1)
    if wanted.outlier is not None:
        yield Fact("outliers left out", (*path, "outlier"), 1)


def _again(case: Case, wanted: UpstreamSettings, path: KeyPath) -> Iterator[Fact]:
    method = case.head.method
    if (retries := wanted.retries) is not None:
        on = ", ".join(retries.on)
        whether = "" if method in IDEMPOTENT else f"; {method} only if no connection was made"
        text = f"{retries.attempts} tries in all, after {on}{whether}"
        yield Fact(text, (*path, "retries"), 1)
    if wanted.per_try_timeout is not None:
        text = f"{spell_duration(wanted.per_try_timeout)} for each try"
        yield Fact(text, (*path, "per_try_timeout"), 1)
    if wanted.hedge is not None and method in {"GET", "HEAD"} and not case.is_handshake:
        text = f"a second endpoint after {spell_duration(wanted.hedge.after)}"
        yield Fact(text, (*path, "hedge"), 1)
    if wanted.fallback is not None:
        text = f"{wanted.fallback.status} in place of 502, 503 and 504"
        yield Fact(text, (*path, "fallback"), 1)
