"""A probe: asks in time, counts, tells what changed."""

import pytest

from gateway_core.chance import SplitMix
from gateway_core.clock import NEVER, SECOND, Instant, seconds
from gateway_core.machine import Tick
from gateway_core.probe import (
    AskHealth,
    Phase,
    Probe,
    ProbeAnswered,
    ProbeFailed,
    ProbeRules,
    ProbeStarted,
    ProbeStopped,
    ReportHealth,
)

RULES = ProbeRules(b"/healthz", interval=seconds(10), timeout=seconds(2))
ASK = AskHealth(b"/healthz")


def started() -> Probe:
    probe = Probe(RULES, SplitMix(4))
    assert probe.receive(ProbeStarted(), Instant(0)) == ()
    assert 0 <= probe.deadline < 10 * SECOND
    return probe


def check(probe: Probe, event) -> list[object]:
    """Let the next check come, and end in `event`; return what is reported."""
    now = probe.deadline
    assert probe.receive(Tick(), now) == (ASK,)
    assert probe.deadline == now + 2 * SECOND
    when = Instant(now + SECOND) if not isinstance(event, Tick) else probe.deadline
    reported = probe.receive(event, when)
    assert 9 * SECOND <= probe.deadline - when <= 11 * SECOND
    return list(reported)


GOOD, BAD = ProbeAnswered(204), ProbeAnswered(500)


def test_three_bad_checks_in_a_row_and_two_good_ones_in_a_row_change_what_is_believed() -> None:
    probe = started()
    for event in (GOOD, BAD, BAD, GOOD, BAD, ProbeFailed()):
        assert check(probe, event) == []
    assert check(probe, Tick()) == [ReportHealth(well=False)]
    for event in (BAD, GOOD, BAD, GOOD):
        assert check(probe, event) == []
    assert check(probe, GOOD) == [ReportHealth(well=True)]


@pytest.mark.parametrize(
    ("status", "passed"), [(200, True), (299, True), (199, False), (301, False), (404, False)]
)
def test_any_2xx_is_well(status: int, passed: bool) -> None:
    probe = started()
    check(probe, ProbeAnswered(status))
    assert (probe._against == 0) is passed


def test_a_check_that_lasts_too_long_has_failed_and_its_late_answer_says_nothing() -> None:
    probe = started()
    check(probe, Tick())
    before = probe._against
    assert probe.receive(GOOD, Instant(probe.deadline - 1)) == ()
    assert probe._against == before == 1


def test_two_workers_that_start_together_do_not_ask_together() -> None:
    probes = [Probe(RULES, SplitMix(seed)) for seed in range(4)]
    for probe in probes:
        probe.receive(ProbeStarted(), Instant(0))
    assert len({probe.deadline for probe in probes}) == 4


def test_it_is_started_once() -> None:
    probe = started()
    due = probe.deadline
    probe.receive(ProbeStarted(), Instant(1))
    assert probe.deadline == due


def test_an_early_tick_is_harmless() -> None:
    probe = started()
    assert probe.receive(Tick(), Instant(probe.deadline - 1)) == ()
    assert probe.phase is Phase.RESTING


@pytest.mark.parametrize("asking", [False, True])
def test_it_can_be_stopped_at_any_time(asking: bool) -> None:
    probe = started()
    if asking:
        probe.receive(Tick(), probe.deadline)
    assert probe.receive(ProbeStopped(), Instant(20 * SECOND)) == ()
    assert (probe.done, probe.deadline, probe.phase) == (True, NEVER, Phase.DONE)
    assert probe.receive(ProbeStarted(), Instant(21 * SECOND)) == ()
