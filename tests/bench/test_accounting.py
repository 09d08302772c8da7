"""CPU and memory of a process tree, from what the kernel writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.accounting import (
    TICKS_PER_SECOND,
    cpu_seconds,
    descendants,
    memory,
    parse_core,
    parse_memory,
    parse_stat,
    tree,
)


def stat(pid: int, name: str, parent: int, ticks: tuple[int, int, int, int]) -> str:
    """A line of /proc/PID/stat, proc(5): fields 5 to 13 and those after 17 do not matter."""
    times = " ".join(map(str, ticks))
    return f"{pid} ({name}) S {parent} 5 6 7 8 9 10 11 12 13 {times} 20 0 1 0 99 1000 200 0\n"


@pytest.mark.parametrize("name", ["nginx", "tmux: server", "a) S 1 (b", "(sd-pam)"])
def test_a_name_with_spaces_and_brackets_moves_no_field(name: str) -> None:
    assert parse_stat(stat(42, name, 7, (1, 20, 300, 4000))) == (42, 7, 4321)


def test_memory_is_told_in_bytes() -> None:
    text = "Name:\tnginx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t1\n"
    assert parse_memory(text) == (1 << 20, 2 << 20)


def test_a_zombie_has_no_memory() -> None:
    assert parse_memory("Name:\tnginx\nState:\tZ (zombie)\n") == (0, 0)


def test_time_that_a_core_waited_is_not_busy_and_time_stolen_from_it_is() -> None:
    text = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\ncpu1 1 2 4 1000 2000 8 16 32 7 7\n"
    found = parse_core(text, 1)
    assert found == ((1 + 2 + 4 + 8 + 16 + 32) / TICKS_PER_SECOND, 32 / TICKS_PER_SECOND)


def test_a_core_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError, match="core 7"):
        parse_core("cpu0 1 1 1 1 1 1 1 1\n", 7)


def test_a_tree_is_its_root_and_all_below_and_nobody_else() -> None:
    lines = [(1, 0), (10, 1), (11, 10), (12, 10), (13, 12), (20, 1), (21, 20)]
    stats = {pid: parse_stat(stat(pid, "x", parent, (1, 0, 0, 0))) for pid, parent in lines}
    assert {found.pid for found in descendants(10, stats)} == {10, 11, 12, 13}
    assert descendants(99, stats) == []


def test_memory_of_a_tree_is_the_sum_and_those_who_left_are_passed_over(tmp_path: Path) -> None:
    for pid, parent in ((10, 1), (11, 10), (12, 10)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(stat(pid, "x", parent, (0, 0, 0, 0)))
        if pid != 12:
            text = "VmHWM:\t3 kB\nVmRSS:\t2 kB\n"
            (tmp_path / str(pid) / "status").write_text(text)
    (tmp_path / "13").mkdir()
    (tmp_path / "uptime").write_text("1 1")
    assert len(tree(10, tmp_path)) == 3
    assert memory(10, tmp_path) == (4096, 6144)


BURN = """
import os, sys, time
def burn():
    while time.process_time() < 0.06: pass
if os.fork() == 0:
    burn(); os._exit(0)
os.wait()
sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()
"""


def test_the_work_of_a_child_that_was_reaped_stays_in_the_account() -> None:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        used = cpu_seconds(process.pid)
    assert used >= 0.05
    assert used < 5


def test_our_own_process_has_memory() -> None:
    found = memory(os.getpid())
    assert 0 < found.now <= found.peak * 2
