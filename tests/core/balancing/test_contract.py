"""What every balancer promises, over every balancer."""

import copy
import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.balancing import BALANCERS
from gateway_core.chance import SplitMix
from gateway_core.warming import warm_share

each_balancer = pytest.mark.parametrize("name", BALANCERS)


@dataclass
class Server:
    name: str
    weight: int = 1
    in_flight: int = 0

    @property
    def share(self) -> int:
        return warm_share(self.weight)


def servers(*weights: int) -> list[Server]:
    return [Server(f"http://10.0.0.{place}:80", weight) for place, weight in enumerate(weights)]


fleets = st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 50)), min_size=1, max_size=12).map(
    lambda drawn: [Server(f"s{place}", weight, busy) for place, (weight, busy) in enumerate(drawn)]
)


@each_balancer
@given(fleet=fleets, keys=st.lists(st.binary(max_size=4), max_size=8), seed=st.integers(0, 2**32))
def test_it_chooses_one_of_the_candidates_and_a_copy_chooses_the_same(
    name: str, fleet: list[Server], keys: list[bytes], seed: int
) -> None:
    balancer, dice = BALANCERS[name](), SplitMix(seed)
    for key in keys:
        twin, twin_dice = copy.deepcopy(balancer), copy.deepcopy(dice)
        place = balancer.choose(fleet, key, dice)
        assert 0 <= place < len(fleet)
        assert twin.choose(fleet, key, twin_dice) == place
        assert (twin, twin_dice) == (balancer, dice)


@each_balancer
@pytest.mark.parametrize("weights", [(1, 1, 1), (3, 1), (1, 2, 3, 4), (100, 1)], ids=str)
def test_at_rest_each_gets_its_weight_s_part_within_statistical_bounds(
    name: str, weights: tuple[int, ...]
) -> None:
    balancer, dice, fleet = BALANCERS[name](), SplitMix(42), servers(*weights)
    counts, requests = [0] * len(fleet), 20_000
    for number in range(requests):
        counts[balancer.choose(fleet, b"client %d" % number, dice)] += 1
    for count, weight in zip(counts, weights, strict=True):
        part = weight / sum(weights)
        # Four standard deviations of a binomial distribution.
        assert abs(count - requests * part) <= 4 * math.sqrt(requests * part * (1 - part)) + 1


@each_balancer
@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (3, 1)], ids=str)
def test_under_load_nobody_is_much_busier_than_its_part(
    name: str, weights: tuple[int, ...]
) -> None:
    balancer, dice, fleet = BALANCERS[name](), SplitMix(3), servers(*weights)
    for number in range(1000):
        fleet[balancer.choose(fleet, b"%d" % number, dice)].in_flight += 1
    for server in fleet:
        part = 1000 * server.weight / sum(weights)
        assert server.in_flight <= part * 1.25 + 1


@each_balancer
def test_who_is_forgotten_leaves_nothing_and_may_come_back(name: str) -> None:
    balancer, dice, fleet = BALANCERS[name](), SplitMix(3), servers(1, 1)
    for number in range(9):
        balancer.choose(fleet, b"%d" % number, dice)
    for server in fleet:
        balancer.forget(server.name)
        balancer.forget(server.name)
    assert balancer == BALANCERS[name]()
    assert balancer.choose(fleet, b"k", dice) in {0, 1}
