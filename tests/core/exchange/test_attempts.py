"""Tries, hedges and what is taken for them, conversation by conversation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core.adapting import AdaptiveRules
from gateway_core.balancing import HashOn
from gateway_core.breaking import BreakerRules, State
from gateway_core.clock import NEVER, SECOND, Instant, UnixTime, after, seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    Abandoned,
    BodyEnded,
    CallBeside,
    CallLost,
    CallProgressed,
    CallUpstream,
    ClientLeft,
    Command,
    DropCall,
    Event,
    Exchange,
    HedgeDue,
    Phase,
    Policies,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    Respond,
    Stage,
    StreamBody,
    UpstreamAnswered,
    UpstreamFailed,
)
from gateway_core.machine import Tick
from gateway_core.message import UNKNOWN, Fields, ResponseHead, value
from gateway_core.retrying import NO_RETRIES, Cause, RetryRules
from gateway_core.roster import Roster
from gateway_core.upstream import Fallback
from tests.core.test_machine import exchange_events
from tests.exchanges import ENDPOINT, get, protected

PLAIN = {
    "breaker": None,
    "ejection": None,
    "adaptive": None,
    "per_try_timeout": None,
    "hedge_after": None,
}
"""Retries alone."""


def answered(status: int, *, fields: Fields = (), hedge: bool = False) -> UpstreamAnswered:
    return UpstreamAnswered(ResponseHead(status, fields), UnixTime(0), UnixTime(0), hedge)


class Talk:
    """One exchange, told what happens; `roster` is its upstream's."""

    def __init__(self, policies: Policies, head=None) -> None:
        self.exchange = Exchange(policies)
        self.now = Instant(0)
        self.roster: Roster = policies.rosters["service-a"]
        self.first = self.tell(RequestArrived(head or get(), "id"))

    def tell(self, event: Event, wait: float = 0) -> list[Command]:
        self.now = after(self.now, seconds(wait))
        return list(self.exchange.receive(event, self.now))

    def wait(self) -> list[Command]:
        """Let the deadline come."""
        self.now = self.exchange.deadline
        return list(self.exchange.receive(Tick(), self.now))

    def called(self, commands: list[Command]) -> str:
        (call,) = commands
        assert isinstance(call, CallUpstream)
        return call.endpoint.name

    @property
    def record(self):
        return self.exchange.record

    def assert_nothing_is_taken(self) -> None:
        assert self.exchange.done
        assert_nothing_is_taken(self.roster)


def assert_nothing_is_taken(roster: Roster) -> None:
    assert (roster.budget.active, roster.budget.retrying) == (0, 0)
    assert roster.adaptive is None or roster.adaptive.waiting == 0
    for member in roster.members:
        assert member.in_flight == 0
        assert member.breaker is None or member.breaker.probing == 0


def refusal(commands: list[Command]) -> tuple[int, str]:
    (command,) = commands
    assert isinstance(command, Respond)
    return command.head.status, json.loads(command.body)["type"].rpartition(":")[2]


# Another try


def test_a_refused_connection_is_tried_again_elsewhere_after_a_back_off() -> None:
    talk = Talk(protected(**PLAIN))
    first = talk.called(talk.first)
    assert talk.tell(UpstreamFailed(FailureKind.REFUSED), 1) == [DropCall()]
    assert talk.exchange.phase is Phase.BACKING_OFF
    assert 0 <= talk.exchange.deadline - talk.now <= 25_000_000
    assert (talk.roster.budget.active, talk.roster.budget.retrying) == (1, 1)
    assert talk.called(talk.wait()) != first
    (stream,) = talk.tell(answered(200))
    assert isinstance(stream, StreamBody)
    assert (talk.roster.budget.active, talk.roster.budget.retrying) == (0, 0)
    talk.tell(BodyEnded())
    assert (talk.record.attempts, talk.record.retry, talk.record.status) == (2, "", 200)
    talk.assert_nothing_is_taken()


def test_an_answer_that_is_to_be_tried_again_is_dropped_and_the_last_one_passes() -> None:
    talk = Talk(protected(**PLAIN))
    for _ in range(2):
        assert talk.tell(answered(503)) == [DropCall()]
        assert isinstance(talk.wait()[0], CallUpstream)
    (stream,) = talk.tell(answered(503))
    assert isinstance(stream, StreamBody)
    assert (talk.record.attempts, talk.record.retry, talk.record.status) == (3, "tries-used", 503)


@pytest.mark.parametrize("status", [200, 404, 429, 500, 501])
def test_an_answer_that_nobody_wants_tried_again_passes(status: int) -> None:
    talk = Talk(protected(**PLAIN))
    assert isinstance(talk.tell(answered(status))[0], StreamBody)
    assert talk.record.retry == ""


@pytest.mark.parametrize(
    ("head", "event", "retry"),
    [
        pytest.param(
            get(method="POST"), UpstreamFailed(FailureKind.REFUSED), None, id="POST, unsent"
        ),
        pytest.param(
            get(method="POST"), UpstreamFailed(FailureKind.RESET), "not-idempotent", id="POST, sent"
        ),
        pytest.param(get(method="POST"), answered(503), "not-idempotent", id="POST, answered"),
        pytest.param(get(method="PUT"), UpstreamFailed(FailureKind.RESET), None, id="PUT"),
        pytest.param(get(), UpstreamFailed(FailureKind.PROTOCOL), "", id="nonsense is no reason"),
        pytest.param(get(), UpstreamFailed(FailureKind.OVERLOADED), "", id="nor our own queue"),
        pytest.param(get(), UpstreamFailed(FailureKind.RESPONSE_TIMEOUT), "", id="nor a time-out"),
    ],
)
def test_which_requests_are_tried_again(head, event, retry: str | None) -> None:
    talk = Talk(protected(**PLAIN), head)
    commands = talk.tell(event)
    if retry is None:
        assert commands == [DropCall()]
    else:
        assert not isinstance(commands[0], DropCall)
        assert talk.record.retry == retry


def test_without_retries_nothing_is_tried_again_or_kept() -> None:
    talk = Talk(protected(**{**PLAIN, "retries": NO_RETRIES}), get(method="PUT", body=UNKNOWN))
    (call,) = talk.first
    assert isinstance(call, CallUpstream)
    assert (call.keep, call.hedge_after) == (0, None)
    assert refusal(talk.tell(UpstreamFailed(FailureKind.REFUSED))) == (502, "upstream-refused")
    assert talk.record.retry == ""
    talk.assert_nothing_is_taken()


@pytest.mark.parametrize(("size", "again"), [(1000, True), (1001, False)])
def test_a_body_is_sent_again_if_it_was_kept(size: int, again: bool) -> None:
    policies = protected(**{**PLAIN, "retries": RetryRules(replay_max=1000)})
    talk = Talk(policies, get(b"/unbound", method="PUT", body=UNKNOWN))
    (call,) = talk.first
    assert isinstance(call, CallUpstream)
    assert call.keep == 1000
    talk.tell(CallProgressed(Stage.SENDING))
    talk.tell(RequestBodyRead(size))
    commands = talk.tell(UpstreamFailed(FailureKind.RESET))
    assert (commands == [DropCall()]) is again
    assert talk.record.retry == ("" if again else "body-not-kept")


def test_a_body_that_cannot_be_sent_twice_is_not_kept() -> None:
    talk = Talk(protected(**PLAIN), get(method="POST", body=UNKNOWN))
    (call,) = talk.first
    assert isinstance(call, CallUpstream)
    assert call.keep == 0


def test_beyond_the_budget_nothing_is_tried_again_and_the_log_says_so() -> None:
    policies = protected(**PLAIN)
    talks = [Talk(policies) for _ in range(5)]
    for talk in talks[:3]:
        assert talk.tell(UpstreamFailed(FailureKind.RESET)) == [DropCall()]
    assert refusal(talks[3].tell(UpstreamFailed(FailureKind.RESET))) == (502, "upstream-reset")
    assert talks[3].record.retry == "retry-budget"
    talks[0].tell(ClientLeft())
    assert talks[4].tell(UpstreamFailed(FailureKind.RESET)) == [DropCall()]


def test_a_third_try_is_the_same_retry_in_the_budget() -> None:
    talk = Talk(protected(**PLAIN))
    for _ in range(2):
        talk.tell(UpstreamFailed(FailureKind.RESET))
        assert talk.roster.budget.retrying == 1
        talk.wait()
    assert refusal(talk.tell(UpstreamFailed(FailureKind.RESET)))[0] == 502
    talk.assert_nothing_is_taken()


def test_the_upstream_s_own_wait_is_kept_within_a_bound() -> None:
    talk = Talk(protected(**PLAIN))
    assert talk.tell(answered(503, fields=((b"retry-after", b"1"),))) == [DropCall()]
    assert talk.exchange.deadline == talk.now + SECOND
    talk.wait()
    (stream,) = talk.tell(answered(503, fields=((b"retry-after", b"2"),)))
    assert isinstance(stream, StreamBody)
    assert value(stream.head.fields, b"retry-after") == b"2"
    assert talk.record.retry == "retry-after"


def test_no_try_begins_after_the_time_for_an_answer() -> None:
    talk = Talk(protected(**PLAIN))
    assert refusal(talk.tell(UpstreamFailed(FailureKind.RESET), 15))[0] == 502
    assert talk.record.retry == "out-of-time"


def test_where_nobody_may_be_called_any_more_the_last_try_was_the_last() -> None:
    one = protected(**{**PLAIN, "endpoints": (ENDPOINT,), "breaker": BreakerRules(1)})
    talk = Talk(one)
    assert talk.tell(answered(503)) == [DropCall()]
    assert refusal(talk.wait()) == (503, "breaker-open")
    assert talk.record.breaker == "open"
    talk.assert_nothing_is_taken()


# A try of its own time


def test_a_try_that_takes_too_long_is_tried_again_whatever_stage_it_is_in() -> None:
    policies = protected(**{**PLAIN, "per_try_timeout": seconds(1)})
    for stages in ([], [Stage.SENDING], [Stage.SENDING, Stage.SENT], [Stage.QUEUED]):
        talk = Talk(policies)
        for stage in stages:
            talk.tell(CallProgressed(stage))
        assert talk.exchange.deadline == talk.now + SECOND
        assert talk.wait() == [DropCall()]
        assert isinstance(talk.wait()[0], CallUpstream)
        assert talk.exchange.deadline == talk.now + SECOND
        talk.tell(ClientLeft())


def test_a_post_that_takes_too_long_is_not_sent_twice() -> None:
    talk = Talk(protected(**{**PLAIN, "per_try_timeout": seconds(1)}), get(method="POST"))
    talk.tell(CallProgressed(Stage.SENT))
    assert refusal(talk.wait()) == (504, "upstream-response-timeout")


def test_a_try_s_time_does_not_bound_the_answer() -> None:
    talk = Talk(
        protected(**{**PLAIN, "per_try_timeout": seconds(1)}), get(method="PUT", body=UNKNOWN)
    )
    talk.tell(answered(200))
    talk.tell(CallProgressed(Stage.SENDING))
    assert talk.exchange.deadline == talk.now + 60 * SECOND


def test_progress_of_a_call_that_was_given_up_changes_nothing() -> None:
    talk = Talk(protected(**PLAIN))
    talk.tell(UpstreamFailed(FailureKind.RESET))
    due = talk.exchange.deadline
    for stage in Stage:
        assert talk.tell(CallProgressed(stage)) == []
    assert talk.exchange.deadline == due


# Nobody may be called


def test_an_open_breaker_is_answered_with_the_time_to_half_open() -> None:
    policies = protected(**{**PLAIN, "endpoints": (ENDPOINT,), "breaker": BreakerRules(1)})
    failing = Talk(policies)
    failing.tell(answered(500))
    failing.tell(BodyEnded())
    talk = Talk(policies)
    (command,) = talk.first
    assert refusal(talk.first) == (503, "breaker-open")
    assert isinstance(command, Respond)
    assert value(command.head.fields, b"retry-after") == b"10"
    assert value(command.head.fields, b"proxy-status") == (
        b'gateway; error=destination_unavailable; details="breaker-open"'
    )
    assert "10.0.0.1" not in command.body.decode()
    assert (talk.record.breaker, talk.record.attempts, talk.record.endpoint) == ("open", 0, "")
    talk.assert_nothing_is_taken()


def test_a_service_that_bears_no_more_is_not_asked() -> None:
    policies = protected(**{**PLAIN, "adaptive": AdaptiveRules()})
    talks = [Talk(policies) for _ in range(4)]
    assert refusal(talks[3].first) == (503, "overload")
    assert talks[3].roster.budget.active == 3
    assert talks[3].record.breaker == ""


FALLBACK = Fallback(200, b'{"items": []}', b"application/json")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_fallback_answers_in_the_service_s_place_and_nobody_keeps_it(method: str) -> None:
    policies = protected(**{**PLAIN, "retries": NO_RETRIES, "fallback": FALLBACK})
    talk = Talk(policies, get(method=method))
    (command,) = talk.tell(UpstreamFailed(FailureKind.REFUSED))
    assert isinstance(command, Respond)
    assert (command.head.status, command.close) == (200, False)
    assert command.body == (FALLBACK.body if method == "GET" else b"")
    assert command.head.body == len(command.body)
    for name, expected in (
        (b"content-type", b"application/json"),
        (b"content-length", b"13"),
        (b"cache-control", b"no-store"),
        (b"x-request-id", b"id"),
        (b"proxy-status", b"gateway; error=connection_refused"),
    ):
        assert value(command.head.fields, name) == expected
    assert (talk.record.status, talk.record.reason) == (200, "upstream-refused")


def test_a_fallback_is_for_failures_of_the_service_alone() -> None:
    policies = protected(**{**PLAIN, "fallback": FALLBACK})
    assert refusal(Talk(policies, get(b"/nowhere")).first)[0] == 404
    assert refusal(Talk(policies, get(method="POST", body=101)).first)[0] == 413
    assert isinstance(Talk(policies).tell(answered(500))[0], StreamBody)


# Hedges

HEDGED = {**PLAIN, "hedge_after": seconds(0.5)}


def hedged(**changes) -> tuple[Talk, CallUpstream]:
    """A talk with two calls in flight; and the second call."""
    talk = Talk(protected(**{**HEDGED, **changes}))
    (first,) = talk.first
    assert isinstance(first, CallUpstream)
    assert first.hedge_after == seconds(0.5)
    (beside,) = talk.tell(HedgeDue(), 0.5)
    assert isinstance(beside, CallBeside)
    assert beside.call.endpoint != first.endpoint
    assert talk.roster.budget.retrying == 1
    return talk, beside.call


def test_the_second_call_may_win_and_the_first_one_counts_neither_way() -> None:
    talk, second = hedged(breaker=BreakerRules(1))
    (stream,) = talk.tell(answered(200, hedge=True), 1)
    assert isinstance(stream, StreamBody)
    assert (talk.record.hedge, talk.record.endpoint) == ("won", second.endpoint.name)
    assert (talk.record.attempts, talk.record.asked) == (2, seconds(0.5))
    assert talk.roster.budget.retrying == 0
    assert sum(member.in_flight for member in talk.roster.members) == 1
    assert all(m.breaker and m.breaker.state is State.CLOSED for m in talk.roster.members)
    talk.tell(BodyEnded())
    talk.assert_nothing_is_taken()


def test_the_first_call_may_win_after_all() -> None:
    talk, second = hedged()
    talk.tell(answered(200), 1)
    assert talk.record.hedge == "lost"
    assert talk.record.endpoint != second.endpoint.name
    talk.tell(BodyEnded())
    talk.assert_nothing_is_taken()


@pytest.mark.parametrize("hedge", [True, False])
def test_one_of_two_calls_that_fails_leaves_the_other_to_it(hedge: bool) -> None:
    talk, _ = hedged(breaker=BreakerRules(1))
    lost = CallLost(hedge, None, 503) if hedge else CallLost(hedge, FailureKind.RESET)
    assert talk.tell(lost) == []
    assert sum(member.in_flight for member in talk.roster.members) == 1
    assert [m.breaker and m.breaker.state for m in talk.roster.members].count(State.OPEN) == 1
    assert isinstance(talk.tell(answered(200, hedge=not hedge), 1)[0], StreamBody)
    talk.tell(BodyEnded())
    talk.assert_nothing_is_taken()


def test_where_both_calls_fail_the_request_is_tried_again() -> None:
    talk, _ = hedged()
    talk.tell(CallLost(hedge=False, kind=FailureKind.RESET))
    assert talk.tell(UpstreamFailed(FailureKind.RESET)) == [DropCall()]
    assert isinstance(talk.wait()[0], CallUpstream)
    talk.tell(ClientLeft())
    talk.assert_nothing_is_taken()


def test_with_two_calls_the_younger_one_s_waits_count() -> None:
    talk, _ = hedged()
    assert talk.exchange.deadline == seconds(2.5)
    talk.tell(CallProgressed(Stage.SENT), 0.1)
    assert talk.exchange.deadline == seconds(2.5)
    talk.tell(CallProgressed(Stage.SENT, hedge=True), 0.1)
    assert talk.exchange.deadline == seconds(15.7)
    assert refusal(talk.wait()) == (504, "upstream-response-timeout")
    talk.assert_nothing_is_taken()


def test_the_younger_call_has_no_more_time_than_is_left_of_the_try() -> None:
    talk, _ = hedged(per_try_timeout=seconds(2))
    assert talk.exchange.deadline == seconds(2), "not the 2 s that a connection may take"
    talk.tell(CallProgressed(Stage.SENT, hedge=True), 0.5)
    assert talk.exchange.deadline == seconds(2)


def test_if_the_younger_call_is_lost_the_older_one_s_wait_counts_again() -> None:
    talk, _ = hedged()
    talk.tell(CallProgressed(Stage.SENT), 0.1)
    talk.tell(CallLost(hedge=True, kind=FailureKind.REFUSED), 0.1)
    assert talk.exchange.deadline == seconds(15.6)
    assert talk.roster.budget.retrying == 0
    talk.tell(CallProgressed(Stage.SENT), 0.1)
    assert talk.exchange.deadline == seconds(15.8)


def test_if_the_older_call_is_lost_the_younger_one_s_wait_goes_on() -> None:
    talk, second = hedged()
    talk.tell(CallLost(hedge=False, kind=FailureKind.RESET), 0.1)
    assert talk.exchange.deadline == seconds(2.5)
    talk.tell(CallProgressed(Stage.SENT, hedge=True), 0.1)
    assert talk.exchange.deadline == seconds(15.7)
    assert talk.record.endpoint == second.endpoint.name


@pytest.mark.parametrize(
    ("head", "changes"),
    [
        pytest.param(get(method="PUT"), {}, id="not safe"),
        pytest.param(get(body=5), {}, id="has a body"),
        pytest.param(get(), {"hedge_after": None}, id="off"),
    ],
)
def test_which_requests_are_not_hedged(head, changes) -> None:
    talk = Talk(protected(**{**HEDGED, **changes}), head)
    (call,) = talk.first
    assert isinstance(call, CallUpstream)
    assert call.hedge_after is None


def test_there_is_no_hedge_without_another_endpoint_or_beyond_the_budget_or_twice() -> None:
    assert Talk(protected(**{**HEDGED, "endpoints": (ENDPOINT,)})).tell(HedgeDue()) == []
    talk, _ = hedged()
    assert talk.tell(HedgeDue()) == []
    policies = protected(**HEDGED)
    talks = [Talk(policies) for _ in range(4)]
    assert [len(each.tell(HedgeDue(), 0.5)) for each in talks] == [1, 1, 1, 0]
    assert talks[3].record.retry == "retry-budget"


def test_a_hedge_that_nobody_can_take_gives_its_room_back() -> None:
    policies = protected(**{**HEDGED, "adaptive": AdaptiveRules(limit_min=1), "panic": 0})
    talk = Talk(policies)
    assert talk.tell(HedgeDue(), 0.5) == [], "the service bears no second call"
    assert talk.roster.budget.retrying == 0
    policies = protected(**{**HEDGED, "panic": 0})
    talk = Talk(policies)
    for member in talk.roster.members:
        well = member.name == talk.record.endpoint
        talk.roster.probed(member.endpoint, Instant(0), well=well)
    assert talk.tell(HedgeDue(), 0.5) == [], "no other endpoint is well"
    assert talk.roster.budget.retrying == 0
    assert sum(member.in_flight for member in talk.roster.members) == 1


def test_a_hedge_that_comes_too_late_is_none() -> None:
    talk = Talk(protected(**HEDGED))
    talk.tell(UpstreamFailed(FailureKind.RESET))
    assert talk.tell(HedgeDue()) == []
    assert Exchange(protected(**HEDGED)).receive(HedgeDue(), Instant(0)) == ()
    assert Exchange(protected(**HEDGED)).receive(CallLost(hedge=True, kind=None), Instant(0)) == ()


def test_of_a_race_that_is_over_nothing_is_lost() -> None:
    talk = Talk(protected(**HEDGED))
    assert talk.tell(CallLost(hedge=False, kind=FailureKind.RESET)) == []
    assert sum(member.in_flight for member in talk.roster.members) == 1


# Which endpoint


def test_requests_of_one_client_go_to_one_endpoint() -> None:
    policies = protected(**{**PLAIN, "balance": "hash", "hash_on": HashOn("client")})
    homes = set()
    for _ in range(9):
        talk = Talk(policies)
        homes.add(talk.called(talk.first))
        talk.tell(answered(200))
        talk.tell(BodyEnded())
    assert len(homes) == 1


# Whatever happens

ENDINGS = [ClientLeft(), Abandoned(), RequestBodyBroke()]


@pytest.mark.parametrize("ending", ENDINGS, ids=str)
def test_a_client_may_leave_at_any_step_and_everything_is_given_back(ending) -> None:
    steps: list[list[Event | Tick]] = [
        [],
        [CallProgressed(Stage.SENT)],
        [HedgeDue()],
        [HedgeDue(), CallLost(hedge=True, kind=FailureKind.RESET)],
        [HedgeDue(), answered(200, hedge=True)],
        [UpstreamFailed(FailureKind.RESET)],
        [UpstreamFailed(FailureKind.RESET), Tick()],
        [answered(503), Tick(), answered(200)],
    ]
    for told in steps:
        talk = Talk(protected())
        for event in told:
            talk.wait() if isinstance(event, Tick) else talk.tell(event)
        talk.tell(ending)
        talk.assert_nothing_is_taken()


@given(data=st.data(), causes=st.sampled_from([frozenset(Cause), frozenset[Cause]()]))
def test_whatever_is_taken_is_given_back(data: st.DataObject, causes: frozenset[Cause]) -> None:
    policies = protected(retries=RetryRules(tries=4, causes=causes))
    roster, now = policies.rosters["service-a"], Instant(0)
    exchanges = [Exchange(policies) for _ in range(4)]
    for _ in range(40):
        now = after(now, data.draw(st.integers(0, SECOND)))
        machine = data.draw(st.sampled_from(exchanges))
        for event in data.draw(st.lists(st.sampled_from(exchange_events(machine)), max_size=1)):
            machine.receive(event, now)  # type: ignore[arg-type]
        if machine.deadline < now:
            machine.receive(Tick(), now)
        waiting = [each for each in exchanges if each.phase in {Phase.CALLING, Phase.BACKING_OFF}]
        assert roster.budget.active == len(waiting)
    for machine in exchanges:
        machine.receive(ClientLeft(), now)
        assert machine.deadline == NEVER
    assert_nothing_is_taken(roster)
