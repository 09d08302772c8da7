"""The report in Markdown: what was measured where, what was left out, a table a scenario."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .measuring import DIRECT, Measurement
from .scenarios import BY_NAME, Figure, Scenario
from .summary import Summary, ratio, summarise
from .verify import Proof

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Examined:
    """A subject as the report names it."""

    name: str
    about: str
    version: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Results:
    """All of a run: written as JSON beside the report, and readable again."""

    machine: Mapping[str, str]
    plan: Mapping[str, float]
    reference: str
    tested: Sequence[Examined]
    skipped: Mapping[str, str]
    rows: Sequence[Measurement] = field(default_factory=list)


def summaries(results: Results) -> dict[str, dict[str, Summary]]:
    """Return the summaries by scenario and subject, in the order they were measured."""
    grouped: dict[str, dict[str, list[Measurement]]] = {name: {} for name in BY_NAME}
    for row in results.rows:
        grouped[row.scenario].setdefault(row.subject, []).append(row)
    order = [*(each.name for each in results.tested), DIRECT]
    return {
        name: {
            subject: summarise(BY_NAME[name], subjects[subject])
            for subject in order
            if subject in subjects
        }
        for name, subjects in grouped.items()
        if subjects
    }


def markdown(results: Results, plot: str = "") -> str:
    """Return the whole report."""
    parts = ["# The gateway and its peers", *_machine(results), *_tested(results)]
    if plot:
        parts += [f"![CPU and latency of each]({plot})"]
    for name, subjects in summaries(results).items():
        parts += [f"## {name}: {BY_NAME[name].title}", table(BY_NAME[name], subjects, results)]
    return "\n\n".join(parts) + "\n"


def _machine(results: Results) -> Iterable[str]:
    yield "\n".join(f"- {key}: {value}" for key, value in results.machine.items())
    plan = results.plan
    yield (
        f"{plan['rounds']:.0f} rounds, subjects in turn within each scenario, a fresh process "
        f"for each measurement of {plan['seconds']:g} s; medians. CPU is the subject's process "
        f"tree by the kernel's accounts. `{results.reference} ÷ it` compares our figure with "
        "the row's: below 1 in CPU and above 1 in rate is better for us."
    )


def _tested(results: Results) -> Iterable[str]:
    rows = [
        [
            f"`{each.name}`", each.about, each.version,
            *map(_tick, (each.proof.request_id, each.proof.forwarded_for,
                         each.proof.keeps_connections, each.proof.access_log)),
            each.proof.broken or "yes",
        ]
        for each in results.tested
    ]  # fmt: skip
    head = ["subject", "what", "version", "X-Request-ID", "X-Forwarded-For", "upstream kept",
            "access log", "answers as it should"]  # fmt: skip
    yield "## Subjects\n\nThe four features as seen at the upstream and in the log, not as configured."
    yield _grid(head, rows)
    if results.skipped:
        lines = [f"- `{name}`: {why}" for name, why in results.skipped.items()]
        yield "Left out:\n\n" + "\n".join(lines)


def _tick(value: bool) -> str:
    return "yes" if value else "no"


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a table; `compared` puts ours as a multiple of it beside it."""

    title: str
    value: Callable[[Summary], float | None]
    compared: bool = False


def columns(scenario: Scenario) -> list[Column]:
    """Return the figures that say something in this scenario, its own compared."""
    work, figure = scenario.work, scenario.figure
    cost = Column(work.cost, lambda row: row.cost, figure is not Figure.GROWTH)
    peak = Column("peak MiB", lambda row: row.peak_bytes / MIB)
    if scenario.idle:
        each = Column("KiB a connection", lambda row: (row.growth_each or 0) / 1024, compared=True)
        return [each, peak, cost]
    return [
        Column(work.rate, lambda row: row.rate, figure is Figure.COST),
        cost,
        Column("p50 ms", lambda row: row.p50_ms),
        Column("p99 ms", lambda row: row.p99_ms, figure is Figure.P99),
        peak,
        Column("growth MiB", lambda row: row.growth_bytes / MIB, figure is Figure.GROWTH),
    ]


def table(scenario: Scenario, subjects: Mapping[str, Summary], results: Results) -> str:
    """Return the table of one scenario."""
    ours = subjects.get(results.reference)
    if ours is not None and ours.invalid:
        ours = None
    valid = [row for row in subjects.values() if not row.invalid]
    shown = [
        column
        for column in columns(scenario)
        if any(column.value(row) is not None for row in valid)
    ]
    head = ["subject"]
    for column in shown:
        head += [column.title, *([f"`{results.reference}` ÷ it"] if column.compared else [])]
    head += ["core busy", "spread", "remarks"]
    rows = []
    for row in subjects.values():
        name = "*upstream, directly*" if row.subject == DIRECT else f"`{row.subject}`"
        if row.invalid:
            rows.append([name, *["-"] * (len(head) - 2), f"**invalid**: {row.invalid}"])
        else:
            rows.append([name, *_cells(shown, row, ours)])
    return _grid(head, rows)


def _cells(shown: Sequence[Column], row: Summary, ours: Summary | None) -> list[str]:
    direct = row.subject == DIRECT
    cells = []
    for column in shown:
        value = column.value(row)
        cells.append(number(value))
        if column.compared:
            cells.append("-" if direct or not ours else number(ratio(column.value(ours), value)))
    return [*cells, f"{row.busy:.0%}", f"{row.spread:.0%}", "" if direct else "; ".join(row.doubts)]


def number(value: float | None) -> str:
    """Return three digits that matter, and no more."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.095 else f"{value:.2g}"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return (
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
        )

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])


def figure_title(scenario: Scenario) -> str:
    """Return what the plot of a scenario shows, with its unit."""
    return {
        Figure.COST: scenario.work.cost,
        Figure.P99: "p99, ms",
        Figure.GROWTH: "growth of memory, MiB",
        Figure.GROWTH_EACH: "KiB a connection",
    }[scenario.figure]


def figure_value(scenario: Scenario, row: Summary) -> float | None:
    """Return the figure of a row in the unit of its title."""
    value = row.figure(scenario.figure)
    unit = {Figure.GROWTH: MIB, Figure.GROWTH_EACH: 1024}.get(scenario.figure, 1)
    return None if value is None else value / unit
