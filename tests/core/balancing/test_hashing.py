"""Bounded hashing: the same endpoint for the same key, and few keys moved."""

import pytest

from gateway_core.balancing import BoundedHash, HashOn, hash_key
from gateway_core.chance import SplitMix
from tests.core.balancing.test_contract import Server, servers

DICE = SplitMix(0)
KEYS = [b"user-%d" % number for number in range(2000)]


def homes(fleet: list[Server]) -> list[str]:
    balancer = BoundedHash()
    return [fleet[balancer.choose(fleet, key, DICE)].name for key in KEYS]


def test_a_key_has_one_home_whatever_the_order_and_in_every_worker() -> None:
    fleet = servers(1, 2, 3)
    assert homes(fleet) == homes(fleet)
    assert homes(fleet) == homes(fleet[::-1])


def test_when_one_leaves_only_its_own_keys_move() -> None:
    fleet = servers(1, 1, 1, 1)
    for before, after in zip(homes(fleet), homes(fleet[1:]), strict=True):
        assert before in (after, fleet[0].name)


def test_a_key_that_is_too_popular_overflows_to_one_other_first() -> None:
    balancer, fleet = BoundedHash(), servers(1, 1, 1, 1)
    chosen = []
    for _ in range(40):
        place = balancer.choose(fleet, b"popular", DICE)
        fleet[place].in_flight += 1
        chosen.append(place)
    home = chosen[0]
    assert fleet[home].in_flight == max(server.in_flight for server in fleet)
    assert all(server.in_flight <= 13 for server in fleet), "5/4 of a quarter of 40, and one"


def test_without_a_key_chance_chooses() -> None:
    balancer, fleet, dice = BoundedHash(), servers(1, 1, 1), SplitMix(5)
    assert {balancer.choose(fleet, b"", dice) for _ in range(50)} == {0, 1, 2}


@pytest.mark.parametrize(
    ("on", "key"),
    [
        pytest.param(HashOn("client"), b"192.0.2.1", id="client"),
        pytest.param(HashOn("header", b"x-tenant"), b"acme", id="header"),
        pytest.param(HashOn("header", b"x-none"), b"", id="no such header"),
        pytest.param(HashOn("cookie", b"session"), b"abc=1", id="cookie in the second line"),
        pytest.param(HashOn("cookie", b"a"), b"1", id="cookie, first of several"),
        pytest.param(HashOn("cookie", b"none"), b"", id="no such cookie"),
    ],
)
def test_what_is_hashed(on: HashOn, key: bytes) -> None:
    fields = (
        (b"x-tenant", b"acme"),
        (b"cookie", b"a=1; b=2; flag"),
        (b"cookie", b"theme=dark;session=abc=1"),
    )
    assert hash_key(on, "192.0.2.1", fields) == key


def test_who_is_forgotten_leaves_nothing() -> None:
    balancer, fleet = BoundedHash(), servers(1)
    balancer.choose(fleet, b"k", DICE)
    balancer.forget(fleet[0].name)
    assert balancer == BoundedHash()
