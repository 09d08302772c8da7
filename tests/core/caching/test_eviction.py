"""What stays when there is no room for all."""

import copy
import random
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.caching.eviction import GHOSTS_SHARE, SMALL_SHARE, S3Fifo


def take(fifo: S3Fifo[str], name: str, size: int = 1) -> list[str]:
    """Ask for `name`, and return what went to make room for it."""
    if name in fifo:
        fifo.touch(name)
        return []
    fifo.insert(name, size)
    return evicted(fifo)


def evicted(fifo: S3Fifo[str]) -> list[str]:
    gone = []
    while (name := fifo.evict()) is not None:
        gone.append(name)
    return gone


def test_what_was_used_once_goes_first_in_the_order_it_came() -> None:
    fifo = S3Fifo[str](3)
    assert [take(fifo, name) for name in "abcde"] == [[], [], [], ["a"], ["b"]]
    assert fifo.used == len(fifo) == 3


def test_what_was_used_again_stays() -> None:
    fifo = S3Fifo[str](3)
    gone = [name for asked in "aabcdefg" for name in take(fifo, asked)]
    assert gone == list("bcde")
    assert "a" in fifo


def test_what_was_used_again_goes_once_it_is_not() -> None:
    fifo = S3Fifo[str](3)
    for name in "aabbccddeeff":
        take(fifo, name)
    assert "a" not in fifo
    assert fifo.used == 3


def test_what_is_used_in_the_main_queue_goes_round_once_more() -> None:
    fifo = S3Fifo[str](3)
    for name in "aabbccdd":
        take(fifo, name)
    for name in "bbb":
        take(fifo, name)
    for name in "eeffgg":
        take(fifo, name)
    assert "b" in fifo


def test_what_is_remembered_goes_to_the_main_queue_at_once() -> None:
    fifo = S3Fifo[str](3)
    for name in "abcd":
        take(fifo, name)
    take(fifo, "a")  # gone a moment ago
    for name in "efgh":
        take(fifo, name)
    assert "a" in fifo


def test_what_was_forgotten_is_new_again() -> None:
    fifo = S3Fifo[str](3)
    for name in "abcd" + "efghij" * GHOSTS_SHARE:
        take(fifo, name)
    take(fifo, "a")
    assert "a" in fifo
    for name in "klmno":
        take(fifo, name)
    assert "a" not in fifo


def test_what_is_larger_than_all_the_room_does_not_stay() -> None:
    fifo = S3Fifo[str](10)
    take(fifo, "a", 4)
    assert "b" in take(fifo, "b", 11)
    assert fifo.used <= 10


def test_what_grows_makes_room_for_itself() -> None:
    fifo = S3Fifo[str](10)
    take(fifo, "a", 4)
    take(fifo, "a", 4)
    take(fifo, "b", 4)
    fifo.resize("b", 8)
    assert evicted(fifo) == ["b"]
    fifo.resize("a", 11)
    assert evicted(fifo) == ["a"]
    assert fifo.used == 0


def test_what_was_removed_leaves_no_trace() -> None:
    fifo = S3Fifo[str](100)
    for number in range(2000):
        name = str(number)
        fifo.insert(name, 1)
        fifo.remove(name)
    fifo.remove("unknown")
    assert fifo.used == len(fifo) == 0
    assert len(fifo._small) < 200
    for name in "ab":
        take(fifo, name)
    fifo.remove("a")
    take(fifo, "a")
    fifo.capacity = 1
    assert evicted(fifo) == ["b"]  # its first place in the queue is no longer its own


def test_what_was_removed_from_the_main_queue_is_passed_over() -> None:
    fifo = S3Fifo[str](3)
    for name in "aabbccddee":
        take(fifo, name)
    inside = [name for name in "abcde" if name in fifo]
    fifo.remove(inside[0])
    fifo.capacity = 0
    assert sorted(evicted(fifo)) == sorted(inside[1:])


steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "remove", "resize"]),
        st.sampled_from("abcdefgh"),
        st.integers(0, 60),
    ),
    max_size=80,
)


@given(steps, st.integers(1, 100))
def test_what_is_held_is_counted_and_bounded(
    steps: list[tuple[str, str, int]], capacity: int
) -> None:
    """A model: a dictionary of sizes. What leaves is named exactly once."""
    fifo, model = S3Fifo[str](capacity), dict[str, int]()
    for step, name, size in steps:
        if step == "take" and name not in model:
            fifo.insert(name, size)
            model[name] = size
        elif step == "take":
            fifo.touch(name)
        elif step == "remove":
            fifo.remove(name)
            model.pop(name, None)
        elif name in model:
            fifo.resize(name, size)
            model[name] = size
        for gone in evicted(fifo):
            del model[gone]
        assert fifo.used == sum(model.values()) <= capacity
        assert {name for name in "abcdefgh" if name in fifo} == set(model)
        assert copy.deepcopy(fifo) == fifo


@pytest.mark.parametrize("seed", [1, 2])
def test_it_keeps_more_of_what_is_asked_for_than_the_order_of_use_does(seed: int) -> None:
    """The trace of the benchmark, made small: Zipf 0.9, room for one in a hundred."""
    keys, room = 20_000, 200
    weights = [1 / rank**0.9 for rank in range(1, keys + 1)]
    trace = random.Random(seed).choices(range(keys), weights=weights, k=60_000)
    fifo, order, hits, hits_by_order = S3Fifo[str](room), OrderedDict[int, None](), 0, 0
    for number in trace:
        hits += str(number) in fifo
        take(fifo, str(number))
        hits_by_order += number in order
        order[number] = None
        order.move_to_end(number)
        if len(order) > room:
            order.popitem(last=False)
    assert hits > hits_by_order * 1.15
    assert SMALL_SHARE > 1
