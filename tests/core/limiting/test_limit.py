"""How a limit is named and spoken of."""

import pytest

from gateway_core.clock import SECOND, Duration, seconds
from gateway_core.errors import ConfigError
from gateway_core.limiting import (
    Asker,
    ByClient,
    ByConsumer,
    ByHeader,
    ByRoute,
    Concurrency,
    Limit,
    PerKey,
    Rate,
    SlidingWindow,
)


def limit(quota: int, window: Duration, name: str = "per-client") -> Limit:
    return Limit(name, PerKey(SlidingWindow(Rate(quota, window))), (ByClient(),))


@pytest.mark.parametrize(
    ("said", "policy", "allows"),
    [
        pytest.param(
            limit(10, Duration(60 * SECOND)),
            b'"per-client";q=10;w=60',
            "10 requests in 60 s",
            id="whole seconds",
        ),
        pytest.param(
            limit(1, seconds(1.5)),
            b'"per-client";q=1',
            "1 request in 1.5 s",
            id="3.1.3 no fractions of a second",
        ),
        pytest.param(
            Limit("busy", Concurrency(4), ()),
            b'"busy";q=4;qu="concurrent-requests"',
            "4 requests at once",
            id="3.1.2 concurrent requests",
        ),
    ],
)
def test_what_is_said_of_a_limit(said: Limit, policy: bytes, allows: str) -> None:
    assert said.policy == policy
    assert said.allows == allows
    assert policy.startswith(said.left.removesuffix(b";r="))


@pytest.mark.parametrize("name", ["", 'a"b', "a b", "ä", "a\\"])
def test_a_name_that_cannot_be_told_is_an_error_of_the_operator(name: str) -> None:
    with pytest.raises(ConfigError, match="is no name: letters, digits"):
        limit(1, SECOND, name)


def test_either_time_or_the_request_s_end_gives_back() -> None:
    timed, busy = limit(1, SECOND), Limit("busy", Concurrency(4), ())
    assert (timed.timed, timed.holds) == (True, False)
    assert (busy.timed, busy.holds) == (False, True)


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ((), ()),
        ((ByRoute(),), "items"),
        ((ByClient(), ByRoute()), ("192.0.2.1", "items")),
        ((ByHeader(b"x-team"), ByConsumer()), (b"red", "demo")),
    ],
    ids=["one budget for all", "one part", "two parts", "a field and a name"],
)
def test_several_parts_are_one_key(parts, key) -> None:
    asker = Asker("192.0.2.1", "demo", "items", ((b"x-team", b"red"),))
    assert Limit("several", Concurrency(4), parts).key_of(asker) == key
