"""Documents of services, fetched in virtual time from a service in memory."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
import trio

from gateway_core.clock import SECOND, Duration, seconds
from gateway_core.describing import DOCUMENT_BYTES_MAX, Description, Flaw, read_description
from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream
from gateway_core.message import ResponseHead
from gateway_core.refresh import Refresh
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.portal.services import Held, ServiceDocument, reading_apart
from gateway_server.upstream import CallFailedError

A, B = Endpoint("http", "10.0.0.1", 80), Endpoint("http", "10.0.0.2", 80)


def document(title: str = "one") -> bytes:
    told = {"openapi": "3.1.0", "info": {"title": title}, "paths": {"/": {"get": {}}}}
    return json.dumps(told).encode()


@dataclass
class Answer:
    head: ResponseHead
    pieces: list[bytes | FailureKind]
    given: int = 0
    dropped: bool = False

    async def read(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, FailureKind):
            raise CallFailedError(piece)
        self.given += len(piece)
        return piece

    def drop(self) -> None:
        self.dropped = True


@dataclass
class Service:
    """Answers with `pieces` after `takes` seconds, or fails."""

    pieces: list[bytes | FailureKind] = field(default_factory=lambda: [document()])
    status: int | FailureKind = 200
    takes: float = 0
    asked: list[tuple[float, CallUpstream]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    closed: bool = False

    async def call(self, command: CallUpstream, body: Any, progress: Any) -> Answer:
        self.asked.append((trio.current_time(), command))
        assert await body() == b""
        await trio.sleep(self.takes)
        if isinstance(self.status, FailureKind):
            raise CallFailedError(self.status)
        self.answers.append(Answer(ResponseHead(self.status, ()), list(self.pieces)))
        return self.answers[-1]

    async def aclose(self) -> None:
        self.closed = True


async def at_once(body: bytes) -> Description | Flaw:
    """Read here: virtual time does not wait for threads."""
    return read_description(body)


def watched(service: Service, *unsaid: bytes) -> ServiceDocument:
    refresh = Refresh[Held](None, Duration(300 * SECOND), seconds(2), seconds(10))
    return ServiceDocument(
        Upstream("up", (A, B)),
        "/openapi.json?x=1",
        service,  # type: ignore[arg-type]
        refresh,
        read=at_once,
        unsaid=unsaid,
    )


async def settled() -> None:
    """Let what happens at this very moment happen."""
    await trio.sleep(0.1)


async def test_a_document_is_fetched_at_the_start_and_every_interval(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    service = Service()
    watching = watched(service)
    assert (watching.held, watching.generation) == (None, 0)
    nursery.start_soon(watching.run)
    await settled()
    assert watching.held is not None
    assert (watching.held.about, watching.generation) == ("one", 1)
    call = service.asked[0][1]
    assert (call.endpoint, call.request.method, call.request.target) == (
        A,
        "GET",
        b"/openapi.json?x=1",
    )
    service.pieces = [document("two")[:9], document("two")[9:]]
    await trio.sleep(301)
    assert (watching.held.about, watching.generation) == ("two", 2)
    await trio.sleep(300)
    assert watching.generation == 2
    assert [round(when - service.asked[0][0]) for when, _ in service.asked] == [0, 300, 600]
    assert all(answer.dropped for answer in service.answers)


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        pytest.param({"status": 404}, "the status was 404", id="not there"),
        pytest.param({"status": 304}, "the status was 304", id="no document"),
        pytest.param({"status": FailureKind.REFUSED}, "refused", id="down"),
        pytest.param({"pieces": [b"{", FailureKind.RESET]}, "reset", id="cut"),
        pytest.param({"pieces": [b"<html>"]}, Flaw.NOT_JSON.value, id="a page"),
        pytest.param({"pieces": [b"[" * 100_000]}, Flaw.NOT_JSON.value, id="deep"),
        pytest.param({"pieces": [b" " * 500_000] * 9}, Flaw.TOO_LARGE.value, id="large"),
        pytest.param({"pieces": [b'{"swagger": "2.0"}']}, Flaw.SWAGGER.value, id="Swagger"),
        pytest.param(
            {"pieces": [document("the s3cret")]}, "document-tells-a-secret", id="our own secret"
        ),
        pytest.param({"takes": 60}, "no answer in time", id="no answer"),
    ],
)
async def test_the_last_good_one_is_kept_and_the_next_endpoint_is_asked_ever_more_seldom(
    nursery: trio.Nursery,
    autojump_clock: trio.testing.MockClock,
    broken: dict[str, Any],
    problem: str,
) -> None:
    service = Service()
    watching = watched(service, b"other", b"s3cret")
    nursery.start_soon(watching.run)
    await settled()
    for name, value in broken.items():
        setattr(service, name, value)
    with structlog.testing.capture_logs() as logs:
        await trio.sleep(350)
    assert watching.held is not None
    assert (watching.held.about, watching.generation) == ("one", 1)
    waits = [round(b[0] - a[0]) for a, b in zip(service.asked, service.asked[1:], strict=False)]
    late = 10 if "takes" in broken else 0
    assert waits[:4] == [300, 2 + late, 4 + late, 8 + late]
    assert [call.endpoint for _, call in service.asked][1:4] == [A, B, A]
    assert {log["problem"] for log in logs} == {problem}
    assert {log["upstream"] for log in logs} == {"up"}
    assert all(answer.given <= DOCUMENT_BYTES_MAX + 500_000 for answer in service.answers)
    assert all(answer.dropped for answer in service.answers)
    for name, value in (("status", 200), ("pieces", [document("two")]), ("takes", 0)):
        setattr(service, name, value)
    await trio.sleep(301)
    assert watching.held.about == "two"


async def test_a_task_that_is_started_again_holds_what_it_held_and_asks_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service()
    watching = watched(service)
    for _ in range(2):
        with trio.move_on_after(1):
            await watching.run()
    assert len(service.asked) == 2
    assert watching.held is not None
    assert watching.generation == 1
    await watching.aclose()
    assert service.closed


async def test_to_be_stopped_while_asking_is_no_failure(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service(takes=5)
    watching = watched(service)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            with trio.move_on_after(1):
                await watching.run()
    assert logs == []
    assert [call.endpoint for _, call in service.asked] == [A, A]


async def test_large_documents_are_read_beside_all_else() -> None:
    read = reading_apart()
    found: list[object] = []

    async def ask(body: bytes) -> None:
        found.append(await read(body))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, document())
        nursery.start_soon(ask, b"<html>")
    assert Flaw.NOT_JSON in found
    assert any(isinstance(each, Description) for each in found)
