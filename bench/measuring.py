"""One measurement: a fresh subject, a look, a warm-up, the load, the accounts, a look.

    start -> look -> warm up -> read accounts -> LOAD -> read accounts -> look -> stop

Every measurement has a process of its own, so that no scenario finds what another left.
"""

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from . import accounting
from .accounting import Reading
from .filling import fill
from .load import LoadResult, UnreadableOutputError
from .loopback import answers, free_port
from .pinning import Cores, pinned
from .processes import spawned, tail
from .scenarios import Aim, Plan, Scenario
from .subjects.contract import FILES, Subject
from .upstream import Upstream
from .verify import look, look_cached, look_composed, look_refused

LOAD_SPARE_SECONDS = 90.0
"""How much longer than planned a load may take: 100 MB through a slow subject."""
SETTLE_STEP_SECONDS = 0.2
SETTLE_SECONDS_MAX = 10.0
"""A slow subject still works for clients of the warm-up that have left."""
QUIET = 0.1
"""Share of its core below which a subject counts as quiet."""
WARM_UP_SECONDS = 1.0
DIRECT = "upstream"
"""The name under which the upstream itself is measured."""


class NotStartedError(Exception):
    """The subject did not come up."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of the raw results. Shares are of the time that the load took."""

    subject: str
    scenario: str
    round: int
    invalid: str = ""
    """Why its figures must not be used; empty: they may."""
    work: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    asked_seconds: float = 0.0
    """How long the load was to last; longer means that the subject did not keep up."""
    late_ms: float | None = None
    """How late the generator itself was (p99); it is within the latencies."""
    before_bytes: int = 0
    """Resident before the first load, its warm-up included in the peak."""
    peak_bytes: int = 0
    busy: float = 0.0
    """Share of its core that the subject used."""
    load_busy: float = 0.0
    """Share of the load's core that load and upstream used together."""
    foreign: float = 0.0
    """Share of the subject's core that somebody else used, or a hypervisor took."""
    load_foreign: float = 0.0
    told: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A subject that runs."""

    pid: int
    port: int
    log: Path


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements of a run share."""

    cores: Cores
    upstream: Upstream
    plan: Plan


@contextmanager
def started(subject: Subject, bench: Bench) -> Iterator[Running]:
    """Run `subject` pinned to its core. Raises NotStartedError."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, port = Path(name), free_port()
        values: dict[str, object] = {
            "PORT": port,
            "SMALL": bench.upstream.small_port,
            "BULK": bench.upstream.bulk_port,
            "FOLDER": folder,
            "FILES": FILES,
            **subject.own,
        }
        for file in subject.files:
            (folder / file).write_text(fill((FILES / file).read_text(), values))
        cores = bench.cores.subject if subject.workers == 1 else bench.cores.both
        command = pinned(cores, [fill(word, values) for word in subject.command])
        environ = {key: fill(value, values) for key, value in subject.environ.items()}
        with spawned(command, folder, "server", environ, subject.stop_seconds) as process:
            end = time.monotonic() + subject.start_seconds
            while not answers(port, subject.hello, 404):
                if process.poll() is not None or time.monotonic() > end:
                    why = tail(folder / "server.err") or tail(folder / "server.out")
                    raise NotStartedError(f"did not start: {why}"[:500])
                time.sleep(0.05)
            yield Running(process.pid, port, folder / subject.log)


def measure(
    subject: Subject, scenario: Scenario, bench: Bench, turn: int, known_rate: float | None
) -> Measurement:
    """Measure one scenario of one subject once. What goes wrong is told in the row."""
    row = Measurement(subject.name, scenario.name, turn)
    if scenario.needs_rate and known_rate is None:
        return replace(row, invalid="its throughput is not known: proxied-32 gave no figure")
    try:
        with started(subject, bench) as running:
            wrong = look(running.port, subject.hello, bench.upstream)
            if scenario.limited:
                wrong = wrong or look_refused(running.port)
            if scenario.composed and not wrong:
                wrong = look_composed(running.port, bench.upstream)
            if scenario.cached:
                wrong = wrong or look_cached(running.port, bench.upstream)
            if wrong:
                return replace(row, invalid=f"broken: {wrong}")
            aim = Aim(running.port, subject.hello, known_rate)
            row = _timed(row, scenario, aim, running.pid, bench, subject.workers)
            wrong = look(running.port, subject.hello, bench.upstream)
            return replace(row, invalid=row.invalid or (wrong and f"broken afterwards: {wrong}"))
    except NotStartedError as error:
        return replace(row, invalid=str(error))


def measure_direct(scenario: Scenario, bench: Bench, turn: int) -> Measurement:
    """Measure the upstream without a subject: more than this no subject can show."""
    small = scenario.direct == "small"
    port = bench.upstream.small_port if small else bench.upstream.bulk_port
    aim = Aim(port, "", None)
    pid = bench.upstream.pids[0 if small else 1]
    return _timed(Measurement(DIRECT, scenario.name, turn), scenario, aim, pid, bench)


def _timed(
    row: Measurement, scenario: Scenario, aim: Aim, pid: int, bench: Bench, workers: int = 1
) -> Measurement:
    command = scenario.command(bench.plan, aim)
    resets = accounting.forget_peaks(pid)
    rest = accounting.memory(pid)
    if not scenario.idle:
        warm = replace(bench.plan, seconds=min(WARM_UP_SECONDS, bench.plan.seconds))
        _load(scenario.command(warm, aim), scenario, bench, workers)
        _settle(pid)
    before, begin = _read(pid, bench), time.monotonic()
    result = _load(command, scenario, bench, workers)
    elapsed = time.monotonic() - begin
    after = _read(pid, bench)
    if isinstance(result, str):
        return replace(row, invalid=result)
    return replace(
        row,
        invalid=_invalid(result),
        work=result.work,
        seconds=result.seconds,
        cpu_seconds=after.subject_cpu - before.subject_cpu,
        p50_ms=result.p50_ms,
        p99_ms=result.p99_ms,
        before_bytes=rest.now,
        peak_bytes=accounting.memory(pid).peak if resets else 0,
        asked_seconds=bench.plan.seconds,
        late_ms=result.late_ms,
        told=result.told,
        **_shares(before, after, elapsed, bench.cores, workers),
    )


def _settle(pid: int) -> None:
    end = time.monotonic() + SETTLE_SECONDS_MAX
    used = accounting.cpu_seconds(pid)
    while time.monotonic() < end:
        time.sleep(SETTLE_STEP_SECONDS)
        before, used = used, accounting.cpu_seconds(pid)
        if used - before <= QUIET * SETTLE_STEP_SECONDS:
            return


def _invalid(result: LoadResult) -> str:
    if result.errors:
        return f"{result.errors} errors: {result.told}"
    return "" if result.work else "not one answer"


def _load(command: list[str], scenario: Scenario, bench: Bench, workers: int) -> LoadResult | str:
    """Run a load to its end. Returns what went wrong, in words, if it did."""
    limit = bench.plan.seconds + LOAD_SPARE_SECONDS
    try:
        ran = subprocess.run(
            pinned(bench.cores.load if workers == 1 else bench.cores.both, command),
            capture_output=True, text=True, check=False, timeout=limit, env=_environ(),
        )  # fmt: skip
        if ran.returncode:
            return f"the load failed: {ran.stderr.strip()[-300:]}"
        return scenario.parse(ran.stdout)
    except subprocess.TimeoutExpired:
        return f"not done after {limit:.0f} s"
    except UnreadableOutputError as error:
        return f"the load's output is not understood: {error}"


def _environ() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _read(pid: int, bench: Bench) -> Reading:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Reading(
        subject_cpu=accounting.cpu_seconds(pid),
        upstream_cpu=sum(map(accounting.cpu_seconds, bench.upstream.pids)),
        load_cpu=children.ru_utime + children.ru_stime,
        subject_core=accounting.core_times(bench.cores.subject),
        load_core=accounting.core_times(bench.cores.load),
    )


def _shares(
    before: Reading, after: Reading, elapsed: float, cores: Cores, workers: int
) -> dict[str, float]:
    subject = after.subject_cpu - before.subject_cpu
    load = after.load_cpu - before.load_cpu
    if cores.load == cores.upstream:
        load += after.upstream_cpu - before.upstream_cpu
    subject_core = after.subject_core.busy - before.subject_core.busy
    load_core = after.load_core.busy - before.load_core.busy
    if workers > 1:  # who was on which core, nobody knows
        foreign = max(0.0, subject_core + load_core - subject - load) / 2 / elapsed
        return {
            "busy": subject / elapsed / workers,
            "load_busy": load / elapsed,
            "foreign": foreign,
            "load_foreign": foreign,
        }
    return {
        "busy": subject / elapsed,
        "load_busy": load / elapsed,
        "foreign": max(0.0, subject_core - subject) / elapsed,
        "load_foreign": max(0.0, load_core - load) / elapsed,
    }
