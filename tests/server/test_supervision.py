"""Background tasks: restarted with back-off, shown while they ail, never fatal."""

import structlog
import trio

from gateway_server.supervision import Supervisor


async def supervise(task, seconds: float) -> tuple[list[dict], Supervisor]:
    with structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            supervisor = Supervisor(nursery)
            supervisor.start("probe", task)
            await trio.sleep(seconds)
            nursery.cancel_scope.cancel()
    return logs, supervisor


async def test_a_task_that_fails_is_started_again_after_a_doubling_pause(autojump_clock) -> None:
    starts: list[float] = []
    began = trio.current_time()

    async def task() -> None:
        starts.append(round(trio.current_time() - began, 3))
        raise ValueError("no")

    logs, supervisor = await supervise(task, 200)
    assert starts == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert supervisor.ailing == {"probe": "ValueError"}
    assert {entry["task"] for entry in logs} == {"probe"}


async def test_a_task_that_ran_long_enough_counts_as_well_again(autojump_clock) -> None:
    runs = 0

    async def task() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise OSError("gone")
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        supervisor = Supervisor(nursery)
        with structlog.testing.capture_logs():
            supervisor.start("probe", task)
            await trio.sleep(0.5)
            assert supervisor.ailing == {"probe": "OSError"}
            await trio.sleep(1)
            assert supervisor.ailing == {"probe": "OSError"}
            await trio.sleep(2)
            assert supervisor.ailing == {}
        nursery.cancel_scope.cancel()
    assert runs == 2


async def test_a_failure_after_a_long_run_starts_the_pause_afresh(autojump_clock) -> None:
    starts: list[float] = []
    began = trio.current_time()

    async def task() -> None:
        starts.append(round(trio.current_time() - began))
        await trio.sleep(100 if len(starts) == 3 else 0)
        raise ValueError("no")

    await supervise(task, 108)
    assert starts == [0, 1, 3, 104, 106]


async def test_a_task_that_returns_is_not_started_again(autojump_clock) -> None:
    runs = 0

    async def task() -> None:
        nonlocal runs
        runs += 1

    logs, supervisor = await supervise(task, 10)
    assert runs == 1
    assert not logs
    assert supervisor.ailing == {}


async def test_a_failure_within_a_task_s_own_nursery_is_told_by_its_cause(autojump_clock) -> None:
    async def child() -> None:
        raise KeyError("deep")

    async def task() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)

    _, supervisor = await supervise(task, 0.5)
    assert supervisor.ailing == {"probe": "KeyError"}
