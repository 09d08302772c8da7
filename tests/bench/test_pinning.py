"""Cores are handed out so that load and subject never share one."""

import pytest

from bench.pinning import Cores, TooFewCoresError, arrange, parse_list, pinned


@pytest.mark.parametrize(
    ("cores", "expected"),
    [
        pytest.param([0, 1], Cores(0, 1, 1), id="two"),
        pytest.param([2, 4, 6, 8], Cores(2, 4, 6), id="more"),
    ],
)
def test_the_upstream_has_its_own_core_where_there_are_three(cores, expected) -> None:
    assert arrange(cores) == expected


def test_one_core_is_too_few() -> None:
    with pytest.raises(TooFewCoresError):
        arrange([0])


@pytest.mark.parametrize(
    ("text", "expected"), [("0\n", [0]), ("0,4\n", [0, 4]), ("0-2,8-9\n", [0, 1, 2, 8, 9])]
)
def test_a_list_of_the_kernel_is_read(text: str, expected: list[int]) -> None:
    assert parse_list(text) == expected


def test_a_command_is_pinned_by_taskset() -> None:
    assert pinned(1, ["wrk", "x"]) == ["taskset", "--cpu-list", "1", "wrk", "x"]
