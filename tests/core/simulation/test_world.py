"""Virtual time."""

import random

import pytest

from gateway_core.clock import SECOND, Instant
from gateway_core.simulation import World


def test_things_happen_in_the_order_of_time_and_of_being_said() -> None:
    world, seen = World(random.Random(0)), []
    world.at(Instant(5), lambda: seen.append(("b", world.now)))
    world.at(Instant(5), lambda: seen.append(("c", world.now)))
    world.soon(2, lambda: seen.append(("a", world.now)))
    world.run()
    assert seen == [("a", 2), ("b", 5), ("c", 5)]


def test_a_run_may_stop_before_the_end_and_go_on() -> None:
    world, seen = World(random.Random(0)), []
    for when in (1, 2, 3):
        world.at(Instant(when), lambda: seen.append(world.now))
    world.run(until=Instant(3))
    assert seen == [1, 2]
    world.run()
    assert seen == [1, 2, 3]


def test_the_past_cannot_be_changed() -> None:
    world = World(random.Random(0))
    world.at(Instant(SECOND), lambda: world.at(Instant(0), lambda: None))
    with pytest.raises(AssertionError, match="past"):
        world.run()


def test_watchers_look_after_everything_that_happens() -> None:
    world, seen = World(random.Random(0)), []
    world.watchers.append(lambda: seen.append(world.now))
    for when in (3, 5):
        world.at(Instant(when), lambda: None)
    world.run()
    assert seen == [3, 5]
