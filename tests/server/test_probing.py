"""Health checks in virtual time: a fake upstream, the real driver and probe."""

import dataclasses

import trio

from gateway_core.chance import SplitMix
from gateway_core.clock import seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import CallUpstream
from gateway_core.message import ResponseHead
from gateway_core.probe import Probe, ProbeRules
from gateway_core.roster import Roster
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.probing import HealthChecks, Watch
from gateway_server.supervision import Supervisor
from gateway_server.upstream import CallFailedError
from tests.exchanges import POLICIES

A, B = Endpoint("http", "10.0.0.1", 80), Endpoint("http", "10.0.0.2", 80)
RULES = ProbeRules(b"/healthz", interval=seconds(10), timeout=seconds(2))


@dataclasses.dataclass
class Answer:
    head: ResponseHead
    dropped: bool = False

    def drop(self) -> None:
        self.dropped = True


@dataclasses.dataclass
class Service:
    """Answers with `status` after `takes` seconds, or fails."""

    status: int | FailureKind = 200
    takes: float = 0
    asked: list[CallUpstream] = dataclasses.field(default_factory=list)
    answers: list[Answer] = dataclasses.field(default_factory=list)
    cancelled: int = 0
    closed: bool = False

    async def aclose(self) -> None:
        self.closed = True

    async def call(self, command: CallUpstream, body, progress) -> Answer:
        self.asked.append(command)
        assert await body() == b""
        try:
            await trio.sleep(self.takes)
        except trio.Cancelled:
            self.cancelled += 1
            raise
        if isinstance(self.status, FailureKind):
            raise CallFailedError(self.status)
        self.answers.append(Answer(ResponseHead(self.status, ())))
        return self.answers[-1]


async def test_an_endpoint_that_fails_its_checks_is_ill_until_it_passes_them(
    autojump_clock,
) -> None:
    roster, service = Roster(Upstream("u", (A, B)), SplitMix(0)), Service()
    watch = Watch(roster, A, Probe(RULES, SplitMix(1)), service)  # type: ignore[arg-type]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch.run)
        await trio.sleep(25)
        assert [member.well for member in roster.members] == [True, True]
        request = service.asked[0].request
        assert (request.method, request.target, service.asked[0].endpoint) == (
            "GET",
            b"/healthz",
            A,
        )
        for status, takes in ((503, 0), (FailureKind.REFUSED, 0), (200, 60)):
            roster.members[0].well = True
            service.status, service.takes = status, takes
            await trio.sleep(60)
            assert [member.well for member in roster.members] == [False, True]
            service.status, service.takes = 200, 0
            await trio.sleep(40)
            assert [member.well for member in roster.members] == [True, True]
        nursery.cancel_scope.cancel()
    assert service.cancelled, "a check that lasts too long is given up"
    assert all(answer.dropped for answer in service.answers)


async def test_a_watch_that_is_started_again_goes_on_with_what_was_believed(autojump_clock) -> None:
    roster, service = Roster(Upstream("u", (A, B)), SplitMix(0)), Service(503)
    watch = Watch(roster, A, Probe(RULES, SplitMix(1)), service)  # type: ignore[arg-type]
    for _ in range(2):
        with trio.move_on_after(60):
            await watch.run()
        assert not roster.members[0].well
    service.status = 200
    with trio.move_on_after(40):
        await watch.run()
    assert roster.members[0].well


async def test_each_endpoint_of_each_upstream_that_is_to_be_checked_has_a_task(
    autojump_clock,
) -> None:
    two = dataclasses.replace(POLICIES.upstreams["service-a"], endpoints=(A, B))
    policies = dataclasses.replace(POLICIES, upstreams={"service-a": two})
    client = Service()
    checks = HealthChecks(policies, {"service-a": RULES}, {"service-a": client})
    async with trio.open_nursery() as nursery:
        checks.start(Supervisor(nursery))
        await trio.testing.wait_all_tasks_blocked()
        names = {task.name for task in nursery.child_tasks}
        assert names == {f"health of service-a at {endpoint.name}" for endpoint in (A, B)}
        nursery.cancel_scope.cancel()
    await checks.aclose()
    assert client.closed
