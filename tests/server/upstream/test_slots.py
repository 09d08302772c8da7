"""Places and the queue before them: bounded, fair, and given back under cancellation."""

import pytest
import trio
import trio.testing

from gateway_server.upstream.slots import Slots


async def test_places_are_taken_until_none_is_free() -> None:
    slots = Slots(2, waiting_max=1)
    assert slots.take_nowait()
    assert slots.take_nowait()
    assert not slots.take_nowait()
    slots.give_back()
    assert slots.free == 1


async def test_the_queue_is_bounded_and_served_in_order(autojump_clock) -> None:
    slots, served = Slots(1, waiting_max=2), []

    async def caller(name: str) -> None:
        await slots.take()
        served.append(name)
        await trio.sleep(1)
        slots.give_back()

    assert slots.take_nowait()
    async with trio.open_nursery() as nursery:
        for name in "ab":
            nursery.start_soon(caller, name)
            await trio.sleep(0.1)
        assert slots.full
        slots.give_back()
    assert served == ["a", "b"]
    assert slots.free == 1


@pytest.mark.parametrize("leaver", [0, 1, 2])
async def test_a_caller_that_is_cancelled_in_the_queue_takes_nothing_along(
    autojump_clock, leaver: int
) -> None:
    slots, served = Slots(1, waiting_max=3), []

    async def caller(number: int) -> None:
        with trio.move_on_after(0.5 if number == leaver else 100):
            await slots.take()
            served.append(number)
            slots.give_back()

    assert slots.take_nowait()
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(caller, number)
        await trio.sleep(1)
        assert not slots.full
        slots.give_back()
    assert sorted(served) == [n for n in range(3) if n != leaver]
    assert slots.free == 1


async def test_a_place_that_comes_back_while_one_who_waited_is_leaving_is_not_lost() -> None:
    slots = Slots(1, waiting_max=1)
    assert slots.take_nowait()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(slots.take)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        slots.give_back()
        assert slots.free == 1
    assert slots.take_nowait()


async def test_a_place_that_was_promised_is_nobody_elses() -> None:
    slots, served = Slots(1, waiting_max=1), []

    async def caller() -> None:
        await slots.take()
        served.append(slots.free)

    assert slots.take_nowait()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(caller)
        await trio.testing.wait_all_tasks_blocked()
        slots.give_back()
        assert not slots.take_nowait()
    assert served == [0]
