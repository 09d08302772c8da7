"""From raw rows to one row a subject and scenario: medians, ratios, and what to doubt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from .measuring import Measurement
from .scenarios import Figure, Scenario

NOISY = 0.10
"""Share of a core taken by others beyond which a row says so."""
SATURATED = 0.90
"""Share of its core from which on a subject's throughput counts as its own limit."""
LAGGING = 1.05
"""Duration of a load with a schedule, as a multiple of what was asked, from which on the
subject did not keep up."""
LATE = 0.25
"""Lateness of the generator, as a share of a latency, from which the row says so."""
FEW_TICKS_SECONDS = 0.1
"""CPU time below which the kernel's ticks of 10 ms are too coarse to divide by."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians over the rounds. None: there is no such figure."""

    subject: str
    rounds: int
    invalid: str = ""
    rate: float = 0.0
    """In the scenario's unit: requests or MB a second."""
    spread: float = 0.0
    """Highest less lowest rate, as a share of the median."""
    cost: float | None = None
    """CPU seconds for the scenario's portion of work."""
    p50_ms: float | None = None
    p99_ms: float | None = None
    peak_bytes: float = 0.0
    growth_bytes: float = 0.0
    growth_each: float | None = None
    """Bytes for each connection that was held."""
    busy: float = 0.0
    doubts: tuple[str, ...] = ()

    def figure(self, figure: Figure) -> float | None:
        """Return the figure that a scenario is about; None where the row has none."""
        value = None if self.invalid else getattr(self, figure.value)
        return None if value is None else float(value)


def summarise(scenario: Scenario, rows: Sequence[Measurement]) -> Summary:
    """Return the medians of one subject. One invalid round makes all of it invalid."""
    subject = rows[0].subject
    wrong = [f"round {row.round}: {row.invalid}" for row in rows if row.invalid]
    if wrong:
        more = f" (and in {len(wrong) - 1} more rounds)" if len(wrong) > 1 else ""
        return Summary(subject, len(rows), invalid=wrong[0] + more)
    work = scenario.work
    rates = [row.work / row.seconds / work.rate_unit for row in rows]
    costs = [row.cpu_seconds / row.work * work.portion for row in rows]
    middle = median(rates)
    growth = median(max(0, row.peak_bytes - row.before_bytes) for row in rows)
    # Two answers for each connection that `idle` held: one before, one after.
    held = median(row.work for row in rows) / 2 if scenario.idle else None
    return Summary(
        subject,
        len(rows),
        rate=middle,
        spread=(max(rates) - min(rates)) / middle,
        cost=median(costs),
        p50_ms=_median(row.p50_ms for row in rows),
        p99_ms=_median(row.p99_ms for row in rows),
        peak_bytes=median(row.peak_bytes for row in rows),
        growth_bytes=growth,
        growth_each=growth / held if held else None,
        busy=median(row.busy for row in rows),
        doubts=tuple(_doubts(scenario, rows)),
    )


def _doubts(scenario: Scenario, rows: Sequence[Measurement]) -> Iterable[str]:
    foreign = median(row.foreign for row in rows)
    load_foreign = median(row.load_foreign for row in rows)
    if foreign > NOISY:
        yield f"others took {foreign:.0%} of its core"
    if load_foreign > NOISY:
        yield f"others took {load_foreign:.0%} of the load's core"
    pushed = scenario.figure is Figure.COST
    if pushed and median(row.busy for row in rows) < SATURATED:
        yield "not saturated: the rate is the load's, the CPU is its own"
    if median(row.cpu_seconds for row in rows) < FEW_TICKS_SECONDS:
        yield "few CPU ticks"
    if not all(row.peak_bytes for row in rows):
        yield "peak memory unknown"
    if scenario.figure is Figure.P99 and any(
        row.seconds > row.asked_seconds * LAGGING for row in rows if row.asked_seconds
    ):
        yield "did not keep up with the rate"
    late, p99 = _median(row.late_ms for row in rows), _median(row.p99_ms for row in rows)
    if late is not None and p99 is not None and late > p99 * LATE:
        yield f"the generator was late itself: {late:.2f} ms (p99)"


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """Return ours as a multiple of theirs; None where that says nothing."""
    return ours / theirs if ours is not None and theirs else None


def reference_of(names: Sequence[str], wanted: str) -> str:
    """Return the subject that others are compared with: the wanted, else the first of ours."""
    if wanted in names:
        return wanted
    return next((name for name in names if name.startswith("gateway")), names[0] if names else "")
