"""Run the gateway and its peers in turn: `python -m bench`. README.md says how to read it."""

import argparse
import json
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from . import machine, plot
from .measuring import Bench, Measurement, NotStartedError, measure, measure_direct, started
from .pinning import TooFewCoresError, arrange, keep_off, physical, raise_descriptor_limit
from .report import Examined, Results, markdown, summaries
from .scenarios import BY_NAME, SCENARIOS, THROUGHPUT, Plan, Scenario
from .subjects import Subject, every_subject, packages
from .summary import reference_of
from .upstream import upstream
from .verify import Proof, prove

RESULTS = Path(__file__).parent / "results"
DESCRIPTORS = 32_768
BLOB_BYTES = 100_000_000


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--subjects", metavar="NAME,...", help="only these; a prefix is enough")
    parser.add_argument("--scenarios", metavar="NAME,...", help="only these: " + ", ".join(BY_NAME))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rate", type=float, default=300.0, help="requests a second of fixed-rate")
    parser.add_argument("--idle", type=int, default=1000, help="connections that idle holds")
    parser.add_argument(
        "--workers", type=int, default=1, help="measure the gateway with so many workers, too"
    )
    parser.add_argument("--quick", action="store_true", help="one round of 1 s: a look, no result")
    parser.add_argument("--cores", metavar="A,B[,C]", help="subject, load and upstream")
    parser.add_argument("--reference", default="", metavar="NAME", help="compare with this one")
    parser.add_argument("--no-install", action="store_true", help="use what is in .bench/ already")
    parser.add_argument(
        "--apt", action="store_true", help="as root: install wrk, h2load, nginx and haproxy first"
    )
    parser.add_argument("--list", action="store_true", help="show subjects and scenarios, and end")
    given = parser.parse_args(words)
    if given.quick:
        given.rounds, given.seconds = 1, 1.0
    unknown = [name for name in _names(given.scenarios) if name not in BY_NAME]
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    if given.rounds < 1 or given.seconds < 1 or given.workers < 1:
        parser.error("at least one round of one second, and one worker")
    return given


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",")] if text else []


def choose(subjects: Sequence[Subject], wanted: Sequence[str]) -> list[Subject]:
    """Return the subjects whose name is wanted, or begins with what is wanted."""
    if not wanted:
        return list(subjects)
    exact = {name for name in wanted if any(each.name == name for each in subjects)}
    return [
        each
        for each in subjects
        if each.name in exact
        or any(each.name.startswith(name) for name in wanted if name not in exact)
    ]


def choose_scenarios(wanted: Sequence[str]) -> list[Scenario]:
    """Return the scenarios that are wanted, and the one that others need a figure of."""
    chosen = [each for each in SCENARIOS if not wanted or each.name in wanted]
    needed = {THROUGHPUT} if any(each.needs_rate for each in chosen) else set()
    return [each for each in SCENARIOS if each in chosen or each.name in needed]


def say(text: str) -> None:
    """Tell how far it is, apart from the results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def prove_all(
    subjects: Sequence[Subject], bench: Bench
) -> tuple[list[Subject], list[Examined], dict[str, str]]:
    """Look at every subject in full. Returns those to time, all that ran, and who did not."""
    sound: list[Subject] = []
    tested: list[Examined] = []
    skipped: dict[str, str] = {}
    for subject in subjects:
        why = subject.missing()
        if why:
            skipped[subject.name] = why
            say(f"  {subject.name}: left out: {why}")
            continue
        try:
            with started(subject, bench) as running:
                proof = prove(running.port, subject.hello, running.log, bench.upstream)
        except NotStartedError as error:
            proof = Proof(broken=str(error))
        tested.append(Examined(subject.name, subject.about, subject.version(), proof))
        if not proof.broken:
            sound.append(subject)
        say(f"  {subject.name}: {'broken: ' + proof.broken if proof.broken else 'sound'}")
    return sound, tested, skipped


def run(
    subjects: Sequence[Subject], scenarios: Sequence[Scenario], bench: Bench, rounds: int
) -> list[Measurement]:
    """Measure round by round, scenario by scenario, subject after subject."""
    rows: list[Measurement] = []
    for turn in range(1, rounds + 1):
        known: dict[str, float] = {}
        # Each round begins with another subject, so that none is always first or last.
        start = (turn - 1) % max(1, len(subjects))
        order = [*subjects[start:], *subjects[:start]]
        for scenario in scenarios:
            if scenario.direct:
                rows.append(measure_direct(scenario, bench, turn))
                _tell(rows[-1], scenario)
            for subject in order:
                unable = (scenario.limited and not subject.limits) or (
                    scenario.cached and not subject.caches
                )
                if unable:
                    continue
                if scenario.composed and not subject.composes:
                    continue
                row = measure(subject, scenario, bench, turn, known.get(subject.name))
                if scenario.name == THROUGHPUT and not row.invalid:
                    known[subject.name] = row.work / row.seconds
                rows.append(row)
                _tell(row, scenario)
    return rows


def _tell(row: Measurement, scenario: Scenario) -> None:
    if row.invalid:
        told = f"invalid: {row.invalid}"
    else:
        rate = row.work / row.seconds / scenario.work.rate_unit
        told = f"{rate:,.0f} {scenario.work.rate}, {row.cpu_seconds:.2f} CPU s"
    say(f"  {row.round} {row.scenario:13} {row.subject:20} {told}")


def write(results: Results) -> Path:
    """Write the report, the plot and the raw rows. Returns the report's path."""
    RESULTS.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    (RESULTS / f"{stamp}.json").write_text(json.dumps(asdict(results), indent=1))
    (RESULTS / f"{stamp}.svg").write_text(plot.svg(summaries(results)))
    report = RESULTS / f"{stamp}.md"
    report.write_text(markdown(results, f"{stamp}.svg"))
    return report


def main(words: Sequence[str]) -> int:
    """Run it all. Returns the exit status: 0 where every subject that ran was sound."""
    given = arguments(words)
    for problem in packages.install_system() if given.apt else []:
        say(f"not installed: {problem}")
    if not given.no_install:
        say("Peers: .bench/")
        for problem in packages.install():
            say(f"  not installed: {problem}")
    subjects = choose(every_subject(given.workers), _names(given.subjects))
    scenarios = choose_scenarios(_names(given.scenarios))
    if given.list:
        print("\n".join(f"{each.name:20} {each.missing() or each.about}" for each in subjects))
        print("\n".join(f"{each.name:20} {each.title}" for each in scenarios))
        return 0
    absent = [
        why for name in ("wrk", "h2load", "taskset") if (why := packages.missing_program(name))
    ]
    if absent or not subjects:
        say("\n".join(absent) or f"no subject is called {given.subjects}")
        return 2
    try:
        cores = arrange([int(each) for each in _names(given.cores)] or physical(_allowed()))
    except (TooFewCoresError, ValueError) as error:
        say(f"cores: {error}")
        return 2
    keep_off(cores.subject)
    limit = raise_descriptor_limit(DESCRIPTORS)
    if limit < given.idle + 1000:
        say(f"{limit} open files are allowed, too few for {given.idle} connections")
        return 2
    plan = Plan(given.seconds, given.rate, BLOB_BYTES, given.idle)
    with upstream(cores.upstream, secrets.token_hex(8), BLOB_BYTES) as behind:
        where = machine.describe(cores, behind.kind)
        bench = Bench(cores, behind, plan)
        say(f"Verifying {len(subjects)} subjects")
        sound, tested, skipped = prove_all(subjects, bench)
        say(f"Measuring {len(sound)} subjects, {len(scenarios)} scenarios, {given.rounds} rounds")
        rows = run(sound, scenarios, bench, given.rounds)
    reference = reference_of([each.name for each in sound], given.reference)
    plan_told = {**asdict(plan), "rounds": given.rounds}
    results = Results(where, plan_told, reference, tested, skipped, rows)
    report = write(results)
    print(report.read_text())
    say(f"Written: {report} (and .svg, .json)")
    return 0 if len(sound) == len(tested) else 1


def _allowed() -> set[int]:
    return os.sched_getaffinity(0)


def _terminated(_number: int, _frame: object) -> None:
    raise SystemExit(143)  # through every `finally`: no subject is left behind


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(main(sys.argv[1:]))
