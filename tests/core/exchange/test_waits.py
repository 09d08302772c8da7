"""Each wait has a name, each stage of a call a kind of failure, and the nearest end counts."""

import re

import pytest

from gateway_core.clock import NEVER, Instant, seconds
from gateway_core.exchange import Phase, Stage
from gateway_core.exchange.waits import CALL_TIMEOUT, Wait, Waits
from tests.exchanges import POLICIES


def test_whatever_stage_takes_too_long_is_a_failure_of_the_upstream_s() -> None:
    assert set(CALL_TIMEOUT) == set(Stage)
    assert {kind.status for kind in CALL_TIMEOUT.values()} == {503, 504}


def test_reasons_are_in_kebab_case() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", wait.value) for wait in Wait)


def calling() -> Waits:
    waits = Waits()
    waits._move_to(Phase.CALLING)
    return waits


@pytest.mark.parametrize(
    ("wait", "end"), [(Wait.CLIENT_BODY, 31), (Wait.UPSTREAM_WRITE, 8)], ids=str
)
def test_each_end_of_a_body_has_its_own_time(wait: Wait, end: float) -> None:
    waits = calling()
    waits._wait_upload(wait, Instant(seconds(1)), POLICIES, seconds(7))
    assert waits.deadline == seconds(end)


@pytest.mark.parametrize(
    ("wait", "end"), [(Wait.CLIENT_READ, 21), (Wait.UPSTREAM_BODY, 8)], ids=str
)
def test_each_end_of_an_answer_has_its_own_time(wait: Wait, end: float) -> None:
    waits = calling()
    waits._wait_download(wait, Instant(seconds(1)), POLICIES, seconds(7))
    assert waits.deadline == seconds(end)


def test_the_nearest_end_counts_until_one_thing_alone_is_waited_for() -> None:
    waits = calling()
    waits._wait_until(Instant(seconds(5)))
    waits._wait_upload(Wait.CLIENT_BODY, Instant(0), POLICIES, seconds(7))
    assert waits.deadline == seconds(5)
    waits._wait_until(NEVER)
    assert waits.deadline == NEVER


def test_once_answered_the_rest_of_a_body_is_waited_for_without_end() -> None:
    waits = calling()
    waits._move_to(Phase.STREAMING)
    waits._wait_upload(Wait.CLIENT_BODY, Instant(0), POLICIES, seconds(7))
    assert waits.deadline == NEVER


def test_a_move_that_is_not_in_the_diagram_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        calling()._move_to(Phase.ROUTING)
