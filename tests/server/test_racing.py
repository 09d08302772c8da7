"""Two calls for one request, in virtual time: who was first, and that nothing is left behind."""

import math
from dataclasses import dataclass, field

import pytest
import trio

from gateway_core.clock import UnixTime, seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    CallBeside,
    CallLost,
    CallProgressed,
    CallUpstream,
    Command,
    Event,
    HedgeDue,
    Stage,
    UpstreamAnswered,
    UpstreamFailed,
)
from gateway_core.message import ResponseHead, UpstreamRequest
from gateway_core.upstream import Endpoint, Upstream
from gateway_server.racing import Race
from gateway_server.upstream import CallFailedError

A, B = Endpoint("http", "10.0.0.1", 80), Endpoint("http", "10.0.0.2", 80)
REQUEST = UpstreamRequest("GET", b"/", b"a", ())
FIRST = CallUpstream(Upstream("u", (A, B)), A, REQUEST, hedge_after=seconds(1))
SECOND = CallUpstream(Upstream("u", (A, B)), B, REQUEST, hedge_after=seconds(1))
BESIDE = CallBeside(SECOND, frozenset({503}))


@dataclass
class Answer:
    head: ResponseHead
    dropped: int = 0
    asked_at: UnixTime = UnixTime(1)
    answered_at: UnixTime = UnixTime(2)

    def drop(self) -> None:
        self.dropped += 1


@dataclass
class Endpoints:
    """What each endpoint does after so many seconds; and what became of it."""

    does: dict[Endpoint, tuple[float, int | FailureKind]]
    beside: tuple[Command, ...] = (BESIDE,)
    answers: dict[Endpoint, Answer] = field(default_factory=dict)
    cancelled: list[Endpoint] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    owned: list[Answer] = field(default_factory=list)

    async def call(self, command: CallUpstream, body, progress) -> Answer:
        wait, outcome = self.does[command.endpoint]
        assert await body() == b""
        progress(Stage.SENT)
        try:
            await (trio.sleep_forever() if wait == math.inf else trio.sleep(wait))
        except trio.Cancelled:
            self.cancelled.append(command.endpoint)
            raise
        if isinstance(outcome, FailureKind):
            raise CallFailedError(outcome)
        answer = self.answers[command.endpoint] = Answer(ResponseHead(outcome, ()))
        return answer

    def consult(self, event: Event) -> tuple[Command, ...]:
        assert event == HedgeDue()
        return self.beside

    async def race(self) -> Event:
        return await Race(self, self.told.append, self.consult, self.owned.append).run(FIRST)  # type: ignore[arg-type]

    def lost(self) -> list[Event]:
        return [event for event in self.told if isinstance(event, CallLost)]


def answered(status: int, *, hedge: bool) -> UpstreamAnswered:
    return UpstreamAnswered(ResponseHead(status, ()), UnixTime(1), UnixTime(2), hedge)


async def test_a_quick_answer_is_the_only_call(autojump_clock) -> None:
    endpoints = Endpoints({A: (0.5, 200)})
    assert await endpoints.race() == answered(200, hedge=False)
    assert endpoints.owned == [endpoints.answers[A]]
    assert endpoints.told == [CallProgressed(Stage.SENT)]
    assert trio.current_time() == pytest.approx(0.5)


async def test_a_second_endpoint_answers_for_a_slow_one_which_is_cancelled(autojump_clock) -> None:
    endpoints = Endpoints({A: (9, 200), B: (0.2, 200)})
    assert await endpoints.race() == answered(200, hedge=True)
    assert (endpoints.cancelled, endpoints.owned) == ([A], [endpoints.answers[B]])
    assert CallProgressed(Stage.SENT, hedge=True) in endpoints.told
    assert trio.current_time() == pytest.approx(1.2)


async def test_the_first_may_answer_after_all(autojump_clock) -> None:
    endpoints = Endpoints({A: (1.1, 200), B: (5, 200)})
    assert await endpoints.race() == answered(200, hedge=False)
    assert endpoints.cancelled == [B]


async def test_without_a_second_call_the_first_one_goes_on(autojump_clock) -> None:
    endpoints = Endpoints({A: (4, 200)}, beside=())
    assert await endpoints.race() == answered(200, hedge=False)


@pytest.mark.parametrize(
    ("second", "lost"),
    [
        pytest.param((0.2, 503), CallLost(True, None, 503), id="answers what is unwelcome"),
        pytest.param((0.2, FailureKind.RESET), CallLost(True, FailureKind.RESET), id="fails"),
    ],
)
async def test_a_second_call_that_comes_to_nothing_leaves_the_first(
    autojump_clock, second, lost: CallLost
) -> None:
    endpoints = Endpoints({A: (4, 200), B: second})
    assert await endpoints.race() == answered(200, hedge=False)
    assert endpoints.lost() == [lost]
    assert all(answer.dropped for answer in endpoints.answers.values() if answer.head.status == 503)


async def test_a_first_call_that_fails_leaves_it_to_the_second(autojump_clock) -> None:
    endpoints = Endpoints({A: (1.5, FailureKind.RESET), B: (4, 503)})
    assert await endpoints.race() == answered(503, hedge=True), "the last answer is the answer"
    assert endpoints.lost() == [CallLost(False, FailureKind.RESET)]


async def test_where_both_fail_the_last_failure_is_the_end(autojump_clock) -> None:
    endpoints = Endpoints({A: (1.5, FailureKind.RESET), B: (4, FailureKind.REFUSED)})
    assert await endpoints.race() == UpstreamFailed(FailureKind.REFUSED)


async def test_a_call_that_fails_before_the_second_begins_has_failed(autojump_clock) -> None:
    endpoints = Endpoints({A: (0.5, FailureKind.RESET)})
    assert await endpoints.race() == UpstreamFailed(FailureKind.RESET)
    assert trio.current_time() == pytest.approx(0.5)


async def test_of_two_answers_at_once_one_is_dropped(autojump_clock) -> None:
    endpoints = Endpoints({A: (2, 200), B: (1, 200)})
    await endpoints.race()
    assert len(endpoints.owned) == 1
    dropped = [answer.dropped for answer in endpoints.answers.values()]
    assert sum(dropped) == len(endpoints.answers) - 1


async def test_of_two_failures_at_once_one_is_the_end(autojump_clock) -> None:
    endpoints = Endpoints({A: (2, FailureKind.RESET), B: (1, FailureKind.REFUSED)})
    assert isinstance(await endpoints.race(), UpstreamFailed)


async def test_a_race_that_is_cancelled_leaves_no_call(autojump_clock) -> None:
    endpoints = Endpoints({A: (math.inf, 200), B: (math.inf, 200)})
    with trio.move_on_after(3):
        await endpoints.race()
    assert sorted(map(str, endpoints.cancelled)) == sorted(map(str, (A, B)))
    assert endpoints.owned == []
