"""The five laws, over every machine."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core import composition
from gateway_core.caching import CachePolicy
from gateway_core.chance import SplitMix
from gateway_core.clock import NEVER, SECOND, Duration, Instant, UnixTime, after
from gateway_core.composing import Expression, Flaw
from gateway_core.composition import Call, Composition, PartAnswered, PartFailed
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    MOVES,
    Abandoned,
    BodyEnded,
    CallLost,
    CallProgressed,
    ClientLeft,
    Composed,
    DocumentRead,
    Exchange,
    FlightLanded,
    HedgeDue,
    IdentityUnavailable,
    InquiryEnded,
    InterimSent,
    NotComposed,
    Phase,
    RelayEnded,
    RequestArrived,
    RequestBodyBroke,
    RequestBodyRead,
    RequestBodySent,
    RequestTrailersRead,
    ResponseBodyRead,
    ResponseBodySent,
    ResponseTrailersRead,
    Stage,
    TokenRefused,
    TokenVerified,
    UpstreamAnswered,
    UpstreamBroke,
    UpstreamFailed,
    UpstreamInformed,
)
from gateway_core.identifying import KeyRefresh, PublicKey
from gateway_core.identifying.tokens import Object
from gateway_core.machine import Machine, Tick
from gateway_core.message import UNKNOWN, ResponseHead
from gateway_core.probe import (
    Probe,
    ProbeAnswered,
    ProbeFailed,
    ProbeRules,
    ProbeStarted,
    ProbeStopped,
)
from gateway_core.refresh import Fetched, FetchFailed, Missed, Refresh, Stopped, Wanted
from gateway_core.refusal import Refusal
from tests.compositions import begun, part, plan
from tests.core.exchange.test_composing import TAKING, post
from tests.core.relay.relays import limited, relay_events
from tests.exchanges import POLICIES, REWRITING, at_once, get, limited_policies, protected
from tests.guards import WALL, guarded, with_key, with_token
from tests.lab import EPOCH, Lab, says
from tests.tokens import token


@dataclass(frozen=True)
class Kind:
    """A kind of machine, and what its drivers may tell it in each phase."""

    new: Callable[[], Any]
    legal: Callable[[Any], list[object]]
    perpetual: bool = False
    """Whether it works for as long as the worker lives, rather than for one request."""


def exchange_events(machine: Exchange) -> list[object]:
    heads = [get(), get(b"/gone"), get(method="POST", body=UNKNOWN), get(b"/a/%zz")]
    arrived: list[object] = [RequestArrived(head, "id") for head in heads]
    always: list[object] = [ClientLeft(), Abandoned(), Tick()]
    upload: list[object] = [
        RequestBodyRead(60),
        RequestBodySent(),
        RequestBodyBroke(),
        RequestTrailersRead(((b"x-sum", b"1"), (b"host", b"a"))),
        *(CallProgressed(stage) for stage in Stage),
    ]
    answered = [
        UpstreamAnswered(ResponseHead(status, ()), UnixTime(0), UnixTime(0))
        for status in (200, 503)
    ]
    interim: list[object] = [UpstreamInformed(ResponseHead(103, (), 0)), InterimSent()]
    failed: list[object] = [UpstreamFailed(kind) for kind in FailureKind]
    attempts = machine._attempts
    if machine.phase is Phase.CALLING and attempts is not None:
        if attempts._hedge_after() is not None:
            failed.append(HedgeDue())
        if attempts.hedging:
            failed += [
                CallProgressed(Stage.SENT, hedge=True),
                *(replace(a, hedge=True) for a in answered),
            ]
        if attempts.second is not None:  # of one call alone it is said that the upstream failed
            failed += [
                CallLost(hedge=True, kind=None, status=503),
                CallLost(hedge=False, kind=FailureKind.RESET),
            ]
    streaming: list[object] = [
        ResponseBodyRead(9),
        ResponseBodySent(),
        ResponseTrailersRead(((b"x-sum", b"1"), (b"te", b"a"))),
        BodyEnded(),
        UpstreamBroke(FailureKind.RESET),
    ]
    by_phase: dict[Phase, list[object]] = {
        Phase.ROUTING: arrived,
        Phase.CALLING: [*upload, *interim, *answered, *failed],
        Phase.BACKING_OFF: [RequestBodyBroke(), *(CallProgressed(stage) for stage in Stage)],
        Phase.STREAMING: [*upload, *streaming],
        Phase.WAITING: [FlightLanded()],
        Phase.TAKING: [
            RequestBodyRead(20),
            RequestBodySent(),
            RequestBodyBroke(),
            DocumentRead({"x": 1}, 9),
            DocumentRead(Flaw.NOT_JSON, 9),
        ],
        Phase.COMPOSING: [
            Composed(200, (), b"{}"),
            NotComposed(Refusal(502, "part-status", "It failed.")),
        ],
        Phase.READING: [
            *upload,
            DocumentRead({"name": 1}, 9),
            DocumentRead(Flaw.NOT_JSON, 9),
            UpstreamBroke(FailureKind.RESET),
        ],
        Phase.RELAYING: [RelayEnded(0, 0, 0, 0, "client", 1000, 1000, 1000)],
        Phase.DONE: [*arrived, *upload, *interim, *answered, *failed, *streaming],
    }
    return always + by_phase[machine.phase]


def rewriting_events(machine: Exchange) -> list[object]:
    if machine.phase is Phase.CALLING:
        json = ((b"content-type", b"application/json"),)
        heads = [ResponseHead(200, json), ResponseHead(404, json), ResponseHead(200, json, 101)]
        told = [UpstreamAnswered(head, UnixTime(0), UnixTime(0)) for head in heads]
        return [*exchange_events(machine), *told]
    return exchange_events(machine)


def taking_events(machine: Exchange) -> list[object]:
    if machine.phase is Phase.ROUTING:
        heads = [post(), post(99), post(fields=()), get(b"/detail/1")]
        return [RequestArrived(head, "id") for head in heads]
    return exchange_events(machine)


def guarded_events(machine: Exchange) -> list[object]:
    if machine.phase is Phase.ROUTING:
        heads = [with_key(), with_key(b"wrong"), with_token(token()), get()]
        return [RequestArrived(head, "id", WALL) for head in heads]
    if machine.phase is Phase.IDENTIFYING:
        told = [TokenVerified(), TokenRefused("no"), IdentityUnavailable("down")]
        return [ClientLeft(), Abandoned(), Tick(), *map(InquiryEnded, told)]
    return exchange_events(machine)


def caching_exchange() -> Exchange:
    """One whose route caches: a stale answer is stored, and another exchange fetches it anew."""
    lab = Lab(CachePolicy(ttl=5, stale_if_error=60))
    lab.origin = says(etag=b'"a"')
    lab.get(b"/a/x")
    lab.wait(9)
    lab.ask(b"/a/x")
    return Exchange(lab.policies)


def caching_events(machine: Exchange) -> list[object]:
    at = UnixTime(EPOCH)
    if machine.phase is Phase.ROUTING:
        lines = [(), ((b"cache-control", b"no-cache"),), ((b"range", b"bytes=0-1"),)]
        return [RequestArrived(get(fields=fields), "id") for fields in lines]
    if machine.phase is Phase.CALLING:
        told = [
            UpstreamAnswered(ResponseHead(status, fields, 4), at, at)
            for status in (200, 304, 503)
            for fields in ((), ((b"etag", b'"a"'),), ((b"cache-control", b"private"),))
        ]
        return [*exchange_events(machine), *told]
    if machine.phase is Phase.STREAMING and machine.record.attempts == 0:
        # What is stored is sent: there is no call, and nothing is heard of one.
        sending = [ResponseBodyRead(10), ResponseBodySent(), BodyEnded(10)]
        broke = UpstreamBroke(FailureKind.RESET)
        return [*sending, broke, ClientLeft(), Abandoned(), Tick()]
    return exchange_events(machine)


def refresh_events(_machine: KeyRefresh | Refresh[object]) -> list[object]:
    keys = (PublicKey("1", "RSA", "", "", Object()),)
    fetched: list[object] = [Fetched(()), Fetched(keys), FetchFailed()]
    return [Wanted(), Missed(), Stopped(), Tick(), *fetched]


COMPOSED = plan(
    part("a", "/{id}"),
    part("b", "/{a.x}", required=False, when=Expression.of("a.more"), timeout=SECOND),
    part("c", "/{item}", required=False, each=Expression.of("a.items"), parallel=2),
    deadline=Duration(30 * SECOND),
)


def composition_events(machine: Composition) -> list[object]:
    contents: list[object] = [None, {"x": 1, "more": True, "items": [1, 2, 3]}, {"items": 1}]
    calls = [*machine.running, Call("a"), Call("b"), Call("c", 1)]
    return [
        begun(),
        Tick(),
        composition.Abandoned(),
        *(PartAnswered(call, 200, content) for call in calls for content in contents),  # type: ignore[arg-type]
        *(PartAnswered(call, 200, Flaw.NOT_JSON) for call in calls),
        *(PartAnswered(call, 404) for call in calls),
        *(PartFailed(call, 503, "breaker-open") for call in calls),
    ]


def probe_events(machine: Probe) -> list[object]:
    checks: list[object] = [ProbeAnswered(200), ProbeAnswered(500), ProbeFailed()]
    return [ProbeStarted(), ProbeStopped(), Tick(), *checks]


MACHINES = {
    "exchange": Kind(lambda: Exchange(POLICIES), exchange_events),
    "limited exchange": Kind(lambda: Exchange(limited_policies()), exchange_events),
    "caching exchange": Kind(caching_exchange, caching_events),
    "guarded exchange": Kind(lambda: Exchange(guarded()), guarded_events),
    "exchange that takes a document": Kind(lambda: Exchange(TAKING), taking_events),
    "rewriting exchange": Kind(lambda: Exchange(REWRITING), rewriting_events),
    "exchange, every policy on": Kind(lambda: Exchange(protected()), exchange_events),
    "refresh": Kind(
        lambda: Refresh[object](None, SECOND, SECOND, SECOND), refresh_events, perpetual=True
    ),
    "key refresh": Kind(KeyRefresh, refresh_events, perpetual=True),
    "composition": Kind(lambda: Composition(COMPOSED), composition_events),
    "relay, waiting": Kind(lambda: limited(waits=True), relay_events),
    "relay, sending away": Kind(lambda: limited(waits=False), relay_events),
    "probe": Kind(lambda: Probe(ProbeRules(b"/"), SplitMix(1)), probe_events, perpetual=True),
}

each_machine = pytest.mark.parametrize("name", MACHINES)


@each_machine
@given(data=st.data())
def test_the_laws(name: str, data: st.DataObject) -> None:
    kind = MACHINES[name]
    machine: Machine[object, object] = kind.new()
    now = Instant(0)
    for _ in range(12):
        now = after(now, data.draw(st.integers(0, 40 * SECOND), label="wait"))
        assert_an_early_tick_is_harmless(machine, now)
        event = data.draw(st.sampled_from(kind.legal(machine)), label="event")
        twin = copy.deepcopy(machine)
        assert twin == machine
        done_before = machine.done
        commands = machine.receive(event, now)
        assert list(twin.receive(event, now)) == list(commands)
        assert twin == machine
        if done_before:
            assert not commands
        if machine.done:
            assert machine.deadline == NEVER


def assert_an_early_tick_is_harmless(machine: Machine[object, object], now: Instant) -> None:
    if now < machine.deadline:
        early = copy.deepcopy(machine)
        assert not early.receive(Tick(), now)
        assert early == machine


@given(data=st.data())
def test_an_exchange_makes_only_legal_moves_and_answers_at_most_once(data: st.DataObject) -> None:
    machine, now, heads = Exchange(POLICIES), Instant(0), 0
    while not machine.done:
        now = after(now, data.draw(st.integers(0, 40 * SECOND)))
        before = machine.phase
        event = data.draw(st.sampled_from(exchange_events(machine)))
        commands = machine.receive(event, now)  # type: ignore[arg-type]
        assert machine.phase is before or (before, machine.phase) in MOVES
        heads += sum(type(command).__name__ in {"Respond", "StreamBody"} for command in commands)
    assert heads <= 1


@given(data=st.data())
def test_what_exchanges_take_they_give_back_however_they_end(data: st.DataObject) -> None:
    limit = at_once(3)
    policies, now = limited_policies(limit), Instant(0)
    exchanges = [Exchange(policies) for _ in range(5)]
    for _ in range(20):
        now = after(now, data.draw(st.integers(0, 20 * SECOND)))
        exchange = data.draw(st.sampled_from(exchanges))
        exchange.receive(data.draw(st.sampled_from(exchange_events(exchange))), now)  # type: ignore[arg-type]
        idle = {Phase.ROUTING, Phase.IDENTIFYING, Phase.DONE}
        in_flight = [each for each in exchanges if each.phase not in idle]
        assert limit.limiter.judge("192.0.2.1", now).remaining == max(0, 2 - len(in_flight))
    for exchange in exchanges:
        exchange.receive(Abandoned(), now)
    assert len(limit.limiter) == 0  # type: ignore[arg-type]


@each_machine
@given(data=st.data())
def test_a_machine_that_is_told_nothing_but_its_deadlines_ends_or_waits_for_ever(
    name: str, data: st.DataObject
) -> None:
    kind = MACHINES[name]
    machine: Machine[object, object] = kind.new()
    now = Instant(0)
    for _ in range(data.draw(st.integers(0, 6))):
        machine.receive(data.draw(st.sampled_from(kind.legal(machine))), now)
    for _ in range(20):
        if machine.deadline == NEVER:
            return
        assert machine.deadline > now or not kind.perpetual, "busy without end"
        now = machine.deadline
        machine.receive(Tick(), now)
    assert kind.perpetual, "twenty deadlines in a row, and no end"
