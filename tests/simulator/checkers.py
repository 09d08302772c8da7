"""What must hold at any moment of a simulated gateway, counted beside it and not by it.

The gateway counts its probes, retries and calls itself; here they are counted anew, from the
phases of exchanges and from what endpoints see.
"""

from collections import Counter
from dataclasses import dataclass, field

from gateway_core.breaking import State
from gateway_core.exchange import Exchange, Phase
from gateway_core.simulation import Fleet


@dataclass
class Checkers:
    """Attach them to a fleet's world: `fleet.world.watchers.append(checkers.look)`."""

    fleet: Fleet
    probing: dict[int, str] = field(default_factory=dict)
    """Calls that were let through by a half-open breaker, by identity, to which endpoint."""
    known: set[int] = field(default_factory=set)
    retrying: int = 0
    most_retrying: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    states: dict[str, State] = field(default_factory=dict)

    def look(self) -> None:
        self.look_at_probes()
        self.look_at_retries()

    def look_at_probes(self) -> None:
        """Of each endpoint, no more calls are in flight that began half-open than it has probes."""
        (roster,) = self.fleet.policies.rosters.values()
        states = {member.name: member for member in roster.members}
        calls = {id(call): call for call in self.fleet.calls}
        self.probing = {key: name for key, name in self.probing.items() if key in calls}
        self.known &= calls.keys()
        for key in calls.keys() - self.known:
            member = states[calls[key].endpoint.name]
            if member.breaker is not None and member.breaker.state is State.HALF_OPEN:
                self.probing[key] = member.name
        self.known |= calls.keys()
        for name, count in Counter(self.probing.values()).items():
            breaker = states[name].breaker
            assert breaker is not None
            assert count <= breaker.rules.probes, f"{count} probes at once of {name}"
        for name, member in states.items():
            if member.breaker is not None:
                if member.breaker.state is State.OPEN and self.states.get(name) is not State.OPEN:
                    self.opened[name] += 1
                self.states[name] = member.breaker.state

    def look_at_retries(self) -> None:
        """Where there is one retry more than before, it was within the budget."""
        active = retrying = 0
        for exchange in self.fleet.running:
            if exchange.phase in {Phase.CALLING, Phase.BACKING_OFF}:
                active += 1
                retrying += tries(exchange) > 1 or exchange.phase is Phase.BACKING_OFF
                retrying += hedging(exchange)
        (roster,) = self.fleet.policies.rosters.values()
        assert (roster.budget.active, roster.budget.retrying) == (active, retrying)
        if retrying > self.retrying:
            rules = roster.upstream.retries
            assert retrying <= max(rules.budget_min, active * rules.budget // 10_000)
        self.retrying = retrying
        self.most_retrying = max(self.most_retrying, retrying)

    def assert_nothing_is_left(self) -> None:
        """Once everybody is gone, nothing is taken any more."""
        for exchange in self.fleet.exchanges:
            assert exchange.done
        assert not self.fleet.calls
        (roster,) = self.fleet.policies.rosters.values()
        assert (roster.budget.active, roster.budget.retrying) == (0, 0)
        assert roster.adaptive is None or roster.adaptive.waiting == 0
        for member in roster.members:
            assert member.in_flight == 0
            assert member.breaker is None or member.breaker.probing == 0

    def assert_each_was_answered_once(self) -> None:
        for ending, exchange in zip(self.fleet.endings, self.fleet.exchanges, strict=True):
            assert ending.answers == 1 or (ending.left and ending.answers == 0)
            if ending.whole:
                assert exchange.record.status == ending.status


def tries(exchange: Exchange) -> int:
    return 0 if exchange._attempts is None else exchange._attempts.tries


def hedging(exchange: Exchange) -> bool:
    return exchange._attempts is not None and exchange._attempts.hedging
