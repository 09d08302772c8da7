"""Limits as the core's values."""

import pytest

from gateway_core.clock import seconds
from gateway_core.limiting import (
    ByClient,
    ByRoute,
    Concurrency,
    FixedWindow,
    Gcra,
    Limit,
    PerKey,
    Rate,
    SlidingWindow,
    Told,
    WhenFull,
)
from gateway_server.settings.limits import build_borne_limits, build_limits
from tests.configurations import ROUTE, read

TEN = Rate(10, seconds(60))
TWO_ROUTES = f"""\
{ROUTE}limits = ["own", "shared"]

[[routes]]
name = "b"
prefix = "/b"
upstream = "a"
limits = "shared"

[[routes]]
name = "c"
prefix = "/c"
upstream = "a"
"""
LIMITS = """
[limits]
own = { rate = "1/s" }
shared = { rate = "2/s" }
"""


def only_limit(lines: str) -> Limit:
    limits = build_limits(read(f'{ROUTE}limits = "l"\n[limits.l]\n{lines}\n'))
    (limit,) = limits["a"].limits
    return limit


@pytest.mark.parametrize(
    ("lines", "limiter"),
    [
        pytest.param('rate = "10/60s"', PerKey(SlidingWindow(TEN)), id="the default"),
        pytest.param(
            'rate = "10/60s"\nalgorithm = "gcra"', PerKey(Gcra(TEN, 10)), id="a burst of the rate's"
        ),
        pytest.param(
            'rate = "10/60s"\nalgorithm = "gcra"\nburst = 3', PerKey(Gcra(TEN, 3)), id="a burst"
        ),
        pytest.param(
            'rate = "10/60s"\nalgorithm = "fixed-window"', PerKey(FixedWindow(TEN)), id="fixed"
        ),
        pytest.param(
            'rate = "10/60s"\nkeys_max = 7\nwhen_full = "forget"',
            PerKey(SlidingWindow(TEN), 7, WhenFull.FORGET),
            id="few keys",
        ),
        pytest.param("concurrent = 4", Concurrency(4), id="at once"),
        pytest.param(
            'concurrent = 4\nretry_after = "5s"\nkeys_max = 7',
            Concurrency(4, seconds(5), 7),
            id="at once, with a hint",
        ),
    ],
)
def test_each_algorithm_is_built_as_it_was_written(lines: str, limiter) -> None:
    assert only_limit(lines).limiter == limiter


def test_a_limit_is_what_was_written() -> None:
    lines = 'rate = "10/60s"\nkey = ["client", "route"]\nshadow = true\nheaders = "x-ratelimit"'
    limit = only_limit(lines)
    assert (limit.name, limit.key, limit.shadow) == ("l", (ByClient(), ByRoute()), True)
    assert limit.told == {Told.X_RATELIMIT}
    assert only_limit('rate = "10/60s"').told == {Told.RATELIMIT}
    assert only_limit('rate = "10/60s"\nheaders = []').told == set()


def names(text: str) -> dict[str, list[str]]:
    return {
        route: [limit.name for limit in limits.limits]
        for route, limits in build_limits(read(text)).items()
    }


def test_a_route_has_its_own_limits_and_one_without_has_none() -> None:
    assert names(TWO_ROUTES + LIMITS) == {"a": ["own", "shared"], "b": ["shared"]}


def test_limits_of_the_gateway_come_first_and_count_once() -> None:
    text = f'[gateway]\nlimits = ["shared"]\n{TWO_ROUTES}{LIMITS}'
    assert names(text) == {"a": ["shared", "own"], "b": ["shared"], "c": ["shared"]}


def test_routes_that_name_one_limit_share_its_budgets() -> None:
    built = build_limits(read(TWO_ROUTES + LIMITS))
    assert built["a"].limits[1] is built["b"].limits[0]


def test_without_limits_nothing_is_limited() -> None:
    assert build_limits(read(ROUTE)) == {}


BORNE = """
[auth.keys]
kind = "api-key"
keys = [
  { id = "ada", value = "1", limits = ["gold", "own"] },
  { id = "bob", value = "2", limits = "gold" },
  { id = "eve", value = "3" },
]
[limits]
own = { rate = "1/s" }
shared = { rate = "2/s" }
gold = { rate = "3/s", key = "consumer" }
"""


def test_keys_that_bear_limits_share_the_budgets_of_the_routes_and_of_each_other() -> None:
    guarded_routes = TWO_ROUTES.replace('"shared"]', '"shared"]\nauth = "keys"').replace(
        'limits = "shared"', 'limits = "shared"\nauth = "keys"'
    )
    settings = read(f"{guarded_routes}{BORNE}")
    limits = build_limits(settings)
    borne = build_borne_limits(settings, limits)
    names = {key: [limit.name for limit in each.limits] for key, each in borne.items()}
    assert names == {
        ("a", ("gold",)): ["own", "shared", "gold"],
        ("a", ("gold", "own")): ["own", "shared", "gold"],
        ("b", ("gold",)): ["shared", "gold"],
        ("b", ("gold", "own")): ["shared", "gold", "own"],
    }
    by_name: dict[str, set[int]] = {}
    for each in (*limits.values(), *borne.values()):
        for limit in each.limits:
            by_name.setdefault(limit.name, set()).add(id(limit))
    assert {name: len(ids) for name, ids in by_name.items()} == {"own": 1, "shared": 1, "gold": 1}


def test_without_keys_that_bear_any_there_are_none() -> None:
    settings = read(f"{TWO_ROUTES}{LIMITS}")
    assert build_borne_limits(settings, build_limits(settings)) == {}
