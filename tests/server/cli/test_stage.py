"""The show with stand-ins: real sockets, real signals, one process."""

import signal
from contextlib import asynccontextmanager

import httpx
import pytest
import trio
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway_server.cli.listening import listening
from gateway_server.cli.stage import Server, perform


def server(name: str, app, listener) -> Server:
    config = Config()
    config.bind = [listener.bind]
    config.loglevel = "WARNING"
    return Server(name, app, config)


class Show:
    """A gateway that asks its one service, which takes its time."""

    def __init__(self, seconds: float, lifespan=None) -> None:
        self.said: list[str] = []
        self.opened = trio.Event()
        self.asked = trio.Event()
        self.status: int | None = None
        self.seconds = seconds
        self.lifespan = lifespan

    async def run(self) -> None:
        with listening(["127.0.0.1:0", "127.0.0.1:0"]) as listeners:
            self.address, behind = (f"http://{listener.address}" for listener in listeners)

            async def forward(request):
                async with httpx.AsyncClient(timeout=60) as client:
                    return PlainTextResponse((await client.get(behind)).text)

            async def answer(request):
                self.asked.set()
                await trio.sleep(self.seconds)
                return PlainTextResponse("slowly")

            gateway = Starlette(routes=[Route("/", forward)])
            service = Starlette(routes=[Route("/", answer)], lifespan=self.lifespan)
            self.status = await perform(
                server("gateway", gateway, listeners[0]),
                [server("service", service, listeners[1])],
                open_house=self.opened.set,
                say=self.said.append,
            )


async def ask(show: Show, answers: list[str]) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        try:
            answers.append((await client.get(show.address)).text)
        except httpx.HTTPError as error:
            answers.append(type(error).__name__)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_what_is_in_flight_ends_before_the_services_do(end) -> None:
    show, answers = Show(seconds=0.5), []
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(show.run)
            await show.opened.wait()
            nursery.start_soon(ask, show, answers)
            await show.asked.wait()
            signal.raise_signal(end)
    assert (answers, show.status) == (["slowly"], 0)
    assert len(show.said) == 1


async def test_nobody_opens_the_house_that_was_told_to_end() -> None:
    @asynccontextmanager
    async def interrupted(app):
        signal.raise_signal(signal.SIGINT)
        await trio.sleep(0.2)
        yield

    show = Show(seconds=0, lifespan=interrupted)
    with trio.fail_after(20):
        await show.run()
    assert (show.opened.is_set(), show.status) == (False, 0)


async def test_a_service_that_fails_does_not_end_the_show() -> None:
    def broken(app):
        raise RuntimeError("no disk")

    show = Show(seconds=0, lifespan=broken)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(show.run)
            await show.opened.wait()
            while not show.said:  # Hypercorn may say that it started before it says that it failed
                await trio.sleep(0.01)
            signal.raise_signal(signal.SIGINT)
    assert show.status == 0
    assert show.said[0] == "service has failed, and is answered for with 502: RuntimeError: no disk"


async def test_if_the_gateway_fails_its_fault_is_told() -> None:
    def broken(app):
        raise RuntimeError("a bug")

    with listening(["127.0.0.1:0"]) as [listener]:
        gateway = server("gateway", Starlette(lifespan=broken), listener)
        with pytest.raises(BaseExceptionGroup) as raised, trio.fail_after(20):
            await perform(gateway, [], open_house=lambda: None, say=print)
    assert "Lifespan" in repr(raised.value)
