"""Compositions in virtual time: parts that take as long as they are told."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
import trio.testing

from gateway_core.clock import seconds
from gateway_core.composing import Expression, Plan
from gateway_core.exchange import Compose, Composed, NotComposed, Record
from gateway_core.message import RequestHead, ResponseHead
from gateway_server.composition import Composer, PartClient
from tests.compositions import optional, part, plan


@dataclass
class Policies:
    """All that a composer asks of policies."""

    compositions: dict[str, Plan]


@dataclass
class Services:
    """Answers each part after a time, and keeps who was asked and who was cancelled."""

    takes: dict[str, float] = field(default_factory=dict)
    """Seconds, by the part's name."""
    says: dict[str, Any] = field(default_factory=dict)
    fails: dict[str, Record] = field(default_factory=dict)
    """Ends of the gateway's own, without a head."""
    refuses: dict[str, tuple[Record, ResponseHead]] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def ask(self, client: PartClient, route: str) -> Record:
        name = route.rpartition("/")[2]
        self.asked.append((trio.current_time(), name))
        self.running += 1
        self.most = max(self.most, self.running)
        with trio.CancelScope() as scope:
            client.hear(scope.cancel)
            try:
                await trio.sleep(self.takes.get(name, 0))
                return await self._answer(client, name)
            except trio.Cancelled:
                self.cancelled.append(name)
                raise
            finally:
                self.running -= 1
        return Record(status=499, reason="client-left")

    async def _answer(self, client: PartClient, name: str) -> Record:
        if name in self.fails:
            return self.fails[name]
        if name in self.refuses:
            record, head = self.refuses[name]
            await client.start(head)
            await client.end(b"problem")
            return record
        said = self.says.get(name, {"v": name})
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        try:
            await client.start(ResponseHead(200, ()))
            await client.end(body)
        except OSError:
            return Record(status=499, reason="client-left")
        return Record(status=200)


async def composed(services: Services, *parts: Any, **keys: Any) -> Composed | NotComposed:
    wanted = plan(*parts, **keys)
    composer = Composer(Policies({"r": wanted}), services.ask)  # type: ignore[arg-type]
    head = RequestHead("GET", b"/x", b"h", (), "192.0.2.1")
    return await composer.compose(Compose("r", head, {"id": b"1"}, "192.0.2.1", "id-1"))


def answer(outcome: Composed | NotComposed) -> Any:
    assert isinstance(outcome, Composed), outcome
    return json.loads(outcome.body)


def refusal(outcome: Composed | NotComposed) -> tuple[int, str]:
    assert isinstance(outcome, NotComposed), outcome
    return outcome.refusal.status, outcome.refusal.reason


async def test_parallel_parts_cost_the_slowest_and_not_the_sum(
    autojump_clock: trio.testing.MockClock,
) -> None:
    services = Services(takes={"a": 1, "b": 2, "c": 3})
    start = trio.current_time()
    outcome = await composed(services, part("a"), part("b"), part("c"))
    assert trio.current_time() - start == pytest.approx(3)
    assert list(answer(outcome)) == ["a", "b", "c"]


async def test_parts_that_wait_for_each_other_cost_the_longest_chain(
    autojump_clock: trio.testing.MockClock,
) -> None:
    services = Services(takes={"a": 1, "b": 2, "c": 1}, says={"a": {"x": 1}})
    start = trio.current_time()
    await composed(services, part("a"), part("b", "/{a.x}"), part("c"))
    assert trio.current_time() - start == pytest.approx(3)
    assert {name for _, name in services.asked[:2]} == {"a", "c"}
    assert services.asked[-1][1] == "b"
    assert services.asked[-1][0] - start == pytest.approx(1, abs=1e-5)


async def test_a_required_part_that_fails_cancels_its_siblings_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    services = Services(
        takes={"a": 1, "b": 900}, fails={"a": Record(status=504, reason="upstream-slow")}
    )
    start = trio.current_time()
    outcome = await composed(services, part("a"), part("b"), deadline=seconds(1000))
    assert refusal(outcome) == (504, "upstream-slow")
    assert trio.current_time() - start == pytest.approx(1)
    assert services.cancelled == ["b"]


async def test_the_deadline_ends_what_hangs(autojump_clock: trio.testing.MockClock) -> None:
    services = Services(takes={"b": 900})
    start = trio.current_time()
    outcome = await composed(services, part("a"), optional("b", default=0), deadline=seconds(2))
    assert answer(outcome) == {"a": {"v": "a"}, "b": 0}
    assert trio.current_time() - start == pytest.approx(2)
    services = Services(takes={"b": 900})
    outcome = await composed(services, part("a"), part("b"), deadline=seconds(2))
    assert refusal(outcome) == (504, "part-timeout")


async def test_a_part_may_have_a_deadline_of_its_own(
    autojump_clock: trio.testing.MockClock,
) -> None:
    services = Services(takes={"a": 2, "b": 900})
    start = trio.current_time()
    parts = part("a"), optional("b", timeout=seconds(1)), part("c", "/{b || 'x'}")
    outcome = await composed(services, *parts)
    assert answer(outcome)["b"] is None
    assert services.asked[-1] == (pytest.approx(start + 1, abs=1e-5), "c")
    assert services.cancelled == ["b"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"[" * 10_000, "part-too-deep"),
        (b"NaN", "part-no-number"),
        (b'"\xff"', "part-not-utf8"),
        (b'{"a":1,"a":2}', "part-name-twice"),
        (b"x" * 2**21, "part-too-large"),
        (b"<html>", "part-not-json"),
    ],
)
async def test_what_is_no_document_fails_its_part(said: bytes, reason: str) -> None:
    assert refusal(await composed(Services(says={"a": said}), part("a"))) == (502, reason)


async def test_the_gateways_own_refusal_is_the_parts_failure_and_its_advice_is_passed_on() -> None:
    fields = ((b"retry-after", b"7"), (b"proxy-status", b"gateway; error=x"), (b"x-other", b"1"))
    open_breaker = Record(status=503, reason="breaker-open"), ResponseHead(503, fields)
    outcome = await composed(Services(refuses={"a": open_breaker}), part("a"))
    assert isinstance(outcome, NotComposed)
    assert refusal(outcome) == (503, "breaker-open")
    assert outcome.refusal.fields == fields[:2]


async def test_an_answer_in_an_upstreams_stead_is_an_answer() -> None:
    instead = Record(status=200, reason="breaker-open"), ResponseHead(200, ())
    outcome = await composed(Services(refuses={"a": instead}), part("a"))
    assert refusal(outcome) == (502, "part-not-json")  # that is how "problem" reads


async def test_an_answer_that_broke_off_is_a_failure() -> None:
    async def ask(client: PartClient, _route: str) -> Record:
        await client.start(ResponseHead(200, ()))
        await client.send(b"{}")
        return Record(status=200, reason="upstream-broke")

    composer = Composer(Policies({"r": plan(part("a"))}), ask)  # type: ignore[arg-type]
    head = RequestHead("GET", b"/x", b"h", ())
    outcome = await composer.compose(Compose("r", head, {"id": b"1"}, "", "id-1"))
    assert refusal(outcome) == (502, "upstream-broke")


async def test_whoever_cancels_a_composition_cancels_every_part(
    autojump_clock: trio.testing.MockClock,
) -> None:
    services = Services(takes={"a": 900, "b": 900, "c": 900})
    with trio.move_on_after(1) as scope:
        await composed(services, part("a"), part("b"), part("c"))
    assert scope.cancelled_caught
    assert sorted(services.cancelled) == ["a", "b", "c"]
    assert services.running == 0


async def test_a_part_that_is_dropped_in_the_moment_in_which_it_ends_is_not_heard(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Both end at the same instant: the first to be told fails it all, the other says nothing."""
    services = Services(
        takes={"a": 1, "b": 1},
        fails={name: Record(status=502, reason=f"{name}-failed") for name in "ab"},
    )
    status, reason = refusal(await composed(services, part("a"), part("b")))
    assert status == 502
    assert reason in {"a-failed", "b-failed"}


async def test_a_thousand_compositions_of_three_parts_leave_nothing_running(
    autojump_clock: trio.testing.MockClock,
) -> None:
    services = Services(takes={"a": 1, "b": 2, "c": 900})
    outcomes: list[object] = []

    async def one(patience: float) -> None:
        with trio.move_on_after(patience):
            parts = part("a"), part("b"), optional("c", timeout=seconds(3))
            outcomes.append(await composed(services, *parts))

    async with trio.open_nursery() as nursery:
        for number in range(1000):
            nursery.start_soon(one, 1.5 if number % 4 == 0 else 10)
    assert len(outcomes) == 750
    assert services.most == 3000
    assert services.running == 0
    assert trio.lowlevel.current_statistics().tasks_living < 20


async def test_a_collection_is_asked_so_many_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    services = Services(takes={"b": 1}, says={"a": list(range(10)), "b": 7})
    start = trio.current_time()
    each = part("b", "/{item}", each=Expression.of("a"), parallel=4)
    outcome = await composed(services, part("a"), each, body="b")
    assert answer(outcome) == [7] * 10
    assert services.most == 4
    assert trio.current_time() - start == pytest.approx(3)


async def test_a_part_is_asked_for_the_consumer_of_the_whole() -> None:
    told = ((b"x-consumer-id", b"demo"),)
    asked: list[object] = []

    async def ask(client: PartClient, _route: str) -> Record:
        asked.append((client.consumer, client.told))
        await client.start(ResponseHead(200, ()))
        await client.end(b"{}")
        return Record(status=200)

    composer = Composer(Policies({"r": plan(part("a"))}), ask)  # type: ignore[arg-type]
    head = RequestHead("GET", b"/x", b"h", ())
    await composer.compose(Compose("r", head, {"id": b"1"}, "", "id-1", "demo", told))
    assert asked == [("demo", told)]
