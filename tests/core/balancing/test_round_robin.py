"""Round robin: exact, and spread out."""

from gateway_core.balancing import RoundRobin
from gateway_core.chance import SplitMix
from tests.core.balancing.test_contract import servers

DICE = SplitMix(0)


def turns(balancer: RoundRobin, fleet, count: int) -> str:
    return "".join("abc"[balancer.choose(fleet, b"", DICE)] for _ in range(count))


def test_equals_take_turns() -> None:
    assert turns(RoundRobin(), servers(1, 1, 1), 6) == "abcabc"


def test_weights_are_spread_out() -> None:
    assert turns(RoundRobin(), servers(3, 1), 8) == "aabaaaba"
    assert turns(RoundRobin(), servers(5, 1, 1), 7) == "aabacaa"


def test_who_was_away_does_not_take_everything_when_it_is_back() -> None:
    balancer, (one, two) = RoundRobin(), servers(1, 1)
    turns(balancer, [one], 100)
    assert turns(balancer, [one, two], 4).count("b") == 2


def test_who_is_forgotten_begins_without_credit() -> None:
    balancer, fleet = RoundRobin(), servers(1, 1)
    turns(balancer, fleet, 1)
    balancer.forget(fleet[0].name)
    balancer.forget(fleet[1].name)
    assert balancer == RoundRobin()
