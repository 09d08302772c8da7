"""Alarms: asked in time, cheap to move away, silent once over."""

import gc
import weakref

import trio

from gateway_core.clock import NEVER, Instant, after, seconds
from gateway_server.timers import Timers, now


class Subject:
    """Has a deadline, and notes when it came."""

    def __init__(self, timers: Timers) -> None:
        self.start = now()
        self.deadline: Instant = NEVER
        self.rang: list[float] = []
        self.alarm = timers.alarm(lambda: self.deadline, self.ring)

    def set(self, wait: float) -> None:
        self.deadline = after(now(), seconds(wait))
        self.alarm.look()

    def ring(self) -> None:
        self.rang.append(round((now() - self.start) / 1e9, 3))
        self.deadline = NEVER


async def test_an_alarm_rings_when_its_deadline_comes(nursery, autojump_clock) -> None:
    timers = Timers()
    nursery.start_soon(timers.run)
    subject = Subject(timers)
    subject.set(2)
    await trio.sleep(10)
    assert subject.rang == [2.0]
    assert timers.armed == 0


async def test_a_deadline_that_moved_away_rings_at_its_new_time(nursery, autojump_clock) -> None:
    timers = Timers()
    nursery.start_soon(timers.run)
    subject = Subject(timers)
    for _ in range(100):
        subject.set(2)
        await trio.sleep(0.1)
    assert timers.armed <= 1, "moving away arms nothing"
    await trio.sleep(10)
    assert subject.rang == [11.9]


async def test_a_deadline_that_moved_nearer_rings_at_its_new_time(nursery, autojump_clock) -> None:
    timers = Timers()
    nursery.start_soon(timers.run)
    subject = Subject(timers)
    subject.set(75)
    await trio.sleep(1)
    subject.set(2)
    await trio.sleep(100)
    assert subject.rang == [3.0]
    assert timers.armed == 0


async def test_a_deadline_that_is_gone_does_not_ring(nursery, autojump_clock) -> None:
    timers = Timers()
    nursery.start_soon(timers.run)
    subject = Subject(timers)
    subject.set(2)
    subject.deadline = NEVER
    await trio.sleep(10)
    assert subject.rang == []
    assert timers.armed == 0


async def test_many_alarms_ring_in_order(nursery, autojump_clock) -> None:
    timers = Timers()
    nursery.start_soon(timers.run)
    rang: list[int] = []
    subjects = [Subject(timers) for _ in range(50)]
    for number, subject in enumerate(subjects):
        subject.ring = lambda number=number, subject=subject: (  # type: ignore[method-assign]
            rang.append(number),
            setattr(subject, "deadline", NEVER),
        )
        subject.alarm = timers.alarm(lambda subject=subject: subject.deadline, subject.ring)
        subject.set((number * 7) % 50 + 1)
    await trio.sleep(60)
    assert rang == sorted(range(50), key=lambda number: (number * 7) % 50)


async def test_an_alarm_that_is_closed_rings_no_more_and_holds_nobody(
    nursery, autojump_clock
) -> None:
    """Else each connection that ended would be held until its head's time was over."""
    timers = Timers()
    nursery.start_soon(timers.run)
    subject = Subject(timers)
    subject.set(10)
    held = weakref.ref(subject)
    rang = subject.rang
    subject.alarm.close()
    subject.alarm.look()
    del subject
    gc.collect()
    assert held() is None
    assert timers.armed == 1
    await trio.sleep(20)
    assert rang == []
    assert timers.armed == 0
