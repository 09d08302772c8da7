"""What a real process does with real signals: tests/end_to_end/test_front_process.py."""

import signal

import trio
from hypercorn.config import Config

from gateway_server.front import signals


async def unheard():
    raise AssertionError("nobody signalled")


async def test_who_serves_by_a_call_keeps_the_signals():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    signals.drain_on_signals(Config(), unheard)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


async def test_a_process_without_workers_is_its_own_worker():
    config = Config()
    config.workers = 0
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    heard = trio.Event()

    async def terminate():
        heard.set()

    try:
        signals.drain_on_signals(config, terminate)
        for number in before:
            heard = trio.Event()
            signal.raise_signal(number)
            signal.raise_signal(number)
            with trio.fail_after(1):
                await heard.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def test_only_the_main_thread_can_listen():
    config = Config()
    config.workers = 0
    before = signal.getsignal(signal.SIGTERM)
    await trio.to_thread.run_sync(lambda: trio.run(_listen, config))
    assert signal.getsignal(signal.SIGTERM) is before


async def _listen(config):
    signals.drain_on_signals(config, unheard)
