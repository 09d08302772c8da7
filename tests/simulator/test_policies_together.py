"""The worked example of docs/topics/policies-together.md, told to exchanges in virtual time.

What stands there is what comes out here, line by line: whoever changes how policies act together
changes that page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from gateway_core.breaking import Breaker, BreakerRules
from gateway_core.clock import Instant, UnixTime, seconds
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    BodyEnded,
    CallBeside,
    CallLost,
    CallUpstream,
    Command,
    DropCall,
    Event,
    Exchange,
    HedgeDue,
    Policies,
    RequestArrived,
    Respond,
    StreamBody,
    UpstreamAnswered,
    UpstreamFailed,
)
from gateway_core.limiting import (
    ByClient,
    Concurrency,
    Limit,
    Limits,
    PerKey,
    Rate,
    SlidingWindow,
)
from gateway_core.machine import Tick
from gateway_core.message import ResponseHead, value
from gateway_core.retrying import RetryRules
from gateway_core.roster import Roster
from gateway_core.upstream import Endpoint
from tests.core.exchange.test_exchange import ENDED, UPGRADE, switched
from tests.exchanges import EVERY_POLICY, POLICIES, UPSTREAM, get, protected, windowed
from tests.lab import Lab, says

HEAD: Final = ("   time", "#", "what happens", "the gateway", "A", "B", "retrying")
PAGE: Final = Path(__file__).parents[2] / "docs/topics/policies-together.md"
A, B = Endpoint("http", "10.0.0.1", 80), Endpoint("http", "10.0.0.2", 80)
SHOP: Final = replace(
    UPSTREAM,
    endpoints=(A, B),
    balance="round-robin",
    retries=RetryRules(tries=2),
    per_try_timeout=seconds(1),
    hedge_after=seconds(0.3),
    breaker=BreakerRules(consecutive_failures=2, open_for=seconds(5)),
)


class Middle:
    """Dice that always fall in the middle: a back-off of up to 25 ms takes 12.5."""

    def randrange(self, stop: int, /) -> int:
        return stop // 2


@dataclass
class Day:
    """Exchanges told what happens, and what each said to it."""

    policies: Policies
    lines: list[str] = field(default_factory=list)
    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def tell(self, at: float, name: str, event: Event, happens: str) -> None:
        now, exchange = Instant(seconds(at)), self.exchanges.get(name)
        if exchange is None:
            exchange = self.exchanges[name] = Exchange(self.policies)
        said = [_said(command) for command in exchange.receive(event, now) if _said(command)]
        roster = self.policies.rosters["service-a"]
        breakers = [member.breaker for member in roster.members]
        budget = f"{roster.budget.retrying} of {roster.budget.active}"
        shown = [
            f"{at:7.4f}",
            name,
            happens,
            "; ".join(said) or "-",
            *map(_state, breakers),
            budget,
        ]
        self.lines.append(_line(shown))


def _line(shown: Sequence[str]) -> str:
    widths = (7, 2, 22, 30, 9, 9, 0)
    return "  ".join(f"{text:{width}}" for text, width in zip(shown, widths, strict=True)).rstrip()


def _said(command: Command) -> str:
    names = {A: "A", B: "B"}
    match command:
        case CallUpstream():
            return f"call {names[command.endpoint]}"
        case CallBeside():
            return f"call {names[command.call.endpoint]} beside"
        case DropCall():
            return "wait"
        case StreamBody():
            return f"pass on {command.head.status}, {_left(command.head)}"
        case Respond():
            wait = (value(command.head.fields, b"retry-after") or b"").decode()
            return f"{command.head.status}, Retry-After {wait}, {_left(command.head)}"
        case _:
            return ""


def _left(head: ResponseHead) -> str:
    told = (value(head.fields, b"ratelimit") or b"").decode()
    return told.replace('"four";', "").replace(";", " ")


def _state(breaker: Breaker | None) -> str:
    assert breaker is not None
    failures = breaker._failures
    return breaker.state.value if not failures else f"{failures} failed"


def answered(status: int, *, hedge: bool = False) -> UpstreamAnswered:
    return UpstreamAnswered(ResponseHead(status, (), 0), UnixTime(0), UnixTime(0), hedge)


def arrived(peer: str) -> RequestArrived:
    return RequestArrived(replace(get(), peer=peer), "id")


def example() -> Day:
    four = Limit("four", PerKey(SlidingWindow(Rate(4, seconds(10)))), (ByClient(),))
    limits = {"a": Limits((four,))}
    day = Day(replace(POLICIES, upstreams={"service-a": SHOP}, limits=limits, dice=Middle()))
    asks, second, third = (arrived(f"192.0.2.{number}") for number in (1, 2, 3))
    for at, name, event, happens in (
        (0, "1", asks, "asks"),
        (0.1, "1", answered(503), "A: 503"),
        (0.1125, "1", Tick(), "12.5 ms are over"),
        (0.15, "1", answered(200), "B: 200"),
        (0.2, "1", BodyEnded(), "has it all"),
        (1, "2", asks, "asks"),
        (1.3, "2", HedgeDue(), "B silent for 300 ms"),
        (1.35, "2", answered(200, hedge=True), "A: 200"),
        (1.4, "2", BodyEnded(), "has it all"),
        (2, "3", asks, "asks"),
        (2.001, "3", UpstreamFailed(FailureKind.REFUSED), "A: refused"),
        (2.0135, "3", Tick(), "12.5 ms are over"),
        (2.05, "3", answered(200), "B: 200"),
        (2.1, "3", BodyEnded(), "has it all"),
        (3, "4", asks, "asks"),
        (3.3, "4", HedgeDue(), "B silent for 300 ms"),
        (3.4, "4", CallLost(hedge=True, kind=None, status=503), "A: 503"),
        (4, "4", Tick(), "B silent for 1 s"),
        (4.0125, "4", Tick(), "12.5 ms are over"),
        (4.1, "4", answered(200), "B: 200"),
        (4.2, "4", BodyEnded(), "has it all"),
        (5, "5", asks, "asks"),
        (5.5, "6", second, "a second client asks"),
        (5.6, "6", answered(500), "B: 500"),
        (5.7, "6", BodyEnded(), "has it all"),
        (6, "7", second, "asks"),
        (6.1, "7", answered(503), "B: 503"),
        (6.1125, "7", Tick(), "12.5 ms are over"),
        (6.5, "8", second, "asks"),
        (11.1, "9", asks, "asks"),
        (11.2, "10", second, "asks"),
        (11.3, "11", third, "a third client asks"),
        (11.4, "9", answered(200), "B: 200"),
        (11.5, "9", BodyEnded(), "has it all"),
        (11.6, "10", answered(200), "A: 200"),
        (11.7, "10", BodyEnded(), "has it all"),
    ):
        day.tell(at, name, event, happens)
    return day


def test_the_page_tells_what_happens() -> None:
    day = example()
    page = PAGE.read_text(encoding="utf-8")
    shown = page.partition("```text\n")[2].partition("```")[0]
    assert shown.splitlines() == [_line(HEAD), *day.lines]


def test_every_test_that_the_page_names_is_there() -> None:
    tests = "".join(
        path.read_text(encoding="utf-8") for path in PAGE.parents[2].glob("tests/**/*.py")
    )
    named = re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 9
    assert [name for name in named if f"def {name}(" not in tests] == []


# What else the page says


def one_at_once(quota: int = 9) -> Limit:
    return Limit("at-once", Concurrency(quota), (ByClient(),))


def taken(roster: Roster) -> tuple[int, int, int]:
    """Calls in flight, places among the bound, active requests in the budget."""
    bound = 0 if roster.adaptive is None else roster.adaptive.waiting
    return sum(member.in_flight for member in roster.members), bound, roster.budget.active


def test_who_waits_for_another_s_fetch_is_counted_by_the_limits_and_makes_no_call() -> None:
    busy, minute = one_at_once(), windowed(5)
    lab = Lab(upstream=EVERY_POLICY, limits={"r": Limits((busy, minute))})
    lab.origin = says(cache_control=b"max-age=60")
    roster = lab.policies.rosters["service-a"]
    leader, *waiting = (lab.ask() for _ in range(3))
    assert all(visit.waits_for is not None for visit in waiting)
    assert taken(roster) == (1, 1, 1)
    assert busy.limiter.judge("192.0.2.1", lab.now).remaining == 9 - 3 - 1
    lab.answer(leader)
    assert [visit.status for visit in (leader, *waiting)] == [200] * 3
    assert taken(roster) == (0, 0, 0)
    assert busy.limiter.judge("192.0.2.1", lab.now).remaining == 9 - 1
    hit = lab.get()
    assert (hit.x_cache, hit.endpoint_calls) == ("HIT", 0)
    assert value(hit.head.fields, b"ratelimit") == b'"at-once";r=8, "per-client";r=1;t=10'  # type: ignore[union-attr]


def test_a_refresh_in_the_background_is_a_call_and_no_request_of_anybody_s() -> None:
    minute = windowed(5)
    lab = Lab(upstream=EVERY_POLICY, limits={"r": Limits((minute,))})
    lab.origin = says(cache_control=b"max-age=10, stale-while-revalidate=60")
    lab.get()
    lab.wait(20)
    (background,) = lab.ask().after
    assert taken(lab.policies.rosters["service-a"]) == (1, 1, 1)
    assert minute.limiter.judge("192.0.2.1", lab.now).remaining == 5 - 1 - 1
    lab.leave(background)
    assert taken(lab.policies.rosters["service-a"]) == (0, 0, 0)


def hedging(**changes: Any) -> tuple[Exchange, Roster]:
    policies = protected(**{"breaker": BreakerRules(2), "ejection": None, **changes})
    exchange = Exchange(policies)
    exchange.receive(arrived("192.0.2.1"), Instant(0))
    (beside,) = exchange.receive(HedgeDue(), Instant(seconds(0.5)))
    assert isinstance(beside, CallBeside)
    return exchange, policies.rosters["service-a"]


def failures(roster: Roster) -> list[int]:
    return sorted(member.breaker._failures for member in roster.members if member.breaker)


def test_each_of_two_calls_has_a_place_among_the_bound_and_the_loser_says_nothing() -> None:
    exchange, roster = hedging()
    assert roster.adaptive is not None
    assert taken(roster) == (2, 2, 1)
    exchange.receive(answered(200, hedge=True), Instant(seconds(0.7)))
    assert taken(roster) == (1, 0, 0)
    assert len(roster.adaptive._samples) == 1
    assert failures(roster) == [0, 0, 0]


def test_two_calls_that_are_both_too_slow_are_two_failures_and_one_retry() -> None:
    exchange, roster = hedging()
    assert exchange.deadline == seconds(2.5), "to connect, as the younger call may"
    assert exchange.receive(Tick(), Instant(seconds(2.5))) == (DropCall(),)
    assert failures(roster) == [0, 1, 1]
    assert (roster.budget.active, roster.budget.retrying) == (1, 1)


def test_an_open_websocket_is_a_call_in_flight_and_has_a_place_at_once_and_no_more() -> None:
    busy = one_at_once()
    policies = replace(protected(), limits={"a": Limits((busy,))})
    roster, exchange = policies.rosters["service-a"], Exchange(policies)
    (call,) = exchange.receive(RequestArrived(UPGRADE, "id", upgrade=True), Instant(0))
    assert isinstance(call, CallUpstream)
    assert call.hedge_after is None, "a handshake is not hedged"
    assert taken(roster) == (1, 1, 1)
    exchange.receive(switched(call), Instant(1))
    assert taken(roster) == (1, 0, 0)
    assert busy.limiter.judge("192.0.2.1", Instant(1)).remaining == 9 - 1 - 1
    exchange.receive(ENDED, Instant(2))
    assert taken(roster) == (0, 0, 0)
    assert busy.limiter.judge("192.0.2.1", Instant(2)).remaining == 9 - 1
