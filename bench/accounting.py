"""What a process tree cost: CPU seconds and memory, as the kernel counted them.

CPU is the figure to trust: it does not care how busy the load generator was. The kernel
here adds the work of the loopback device to whoever sends, so the cost of the network is
in it. Source: proc(5), /proc/PID/stat, /proc/PID/status, /proc/stat.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
RESET_PEAK = "5"
"""Written into clear_refs: forget the peak of the resident set (proc(5))."""


class ProcessStat(NamedTuple):
    """One process: its parent, and CPU ticks of itself and of children it has reaped."""

    pid: int
    parent: int
    ticks: int


def parse_stat(text: str) -> ProcessStat:
    """Read /proc/PID/stat. The name, in brackets, may hold spaces and brackets itself."""
    before, _, after = text.rpartition(")")
    fields = after.split()
    # Counted from `state`, field 3: ppid is 4; utime, stime, cutime, cstime are 14 to 17.
    return ProcessStat(int(before.split()[0]), int(fields[1]), sum(map(int, fields[11:15])))


def parse_memory(text: str) -> tuple[int, int]:
    """Read /proc/PID/status: bytes resident now, and at their peak. A zombie has none."""
    found = {"VmRSS": 0, "VmHWM": 0}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key in found:
            found[key] = int(value.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"]


class CoreTimes(NamedTuple):
    """One core since boot, in seconds; busy includes what a hypervisor took away."""

    busy: float
    stolen: float


def parse_core(text: str, core: int) -> CoreTimes:
    """Read the line of `core` in /proc/stat."""
    for line in text.splitlines():
        name, *values = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, values[:8])
            busy = user + nice + system + irq + softirq + steal
            return CoreTimes(busy / TICKS_PER_SECOND, steal / TICKS_PER_SECOND)
    raise LookupError(f"/proc/stat has no core {core}")


def descendants(root: int, stats: dict[int, ProcessStat]) -> list[ProcessStat]:
    """Return `root` and everything below it, as far as it lives."""
    children: dict[int, list[int]] = {}
    for stat in stats.values():
        children.setdefault(stat.parent, []).append(stat.pid)
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        if pid in stats:
            found.append(stats[pid])
            waiting.extend(children.get(pid, ()))
    return found


def tree(root: int, proc: Path = PROC) -> list[ProcessStat]:
    """Return the process tree of `root` as it is now."""
    stats = {}
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                stat = parse_stat((folder / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            stats[stat.pid] = stat
    return descendants(root, stats)


def cpu_seconds(root: int) -> float:
    """CPU seconds that the tree of `root` has used, with children it has reaped."""
    return sum(stat.ticks for stat in tree(root)) / TICKS_PER_SECOND


class Memory(NamedTuple):
    """Resident bytes of a tree. Pages that its processes share are counted in each."""

    now: int
    peak: int


def memory(root: int, proc: Path = PROC) -> Memory:
    """Return the resident set of the tree: now, and the sum of its processes' peaks."""
    now = peak = 0
    for stat in tree(root, proc):
        try:
            text = (proc / str(stat.pid) / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        resident, highest = parse_memory(text)
        now, peak = now + resident, peak + highest
    return Memory(now, peak)


def forget_peaks(root: int) -> bool:
    """Let peaks begin again from now. False where the kernel does not allow it."""
    try:
        for stat in tree(root):
            (PROC / str(stat.pid) / "clear_refs").write_text(RESET_PEAK)
    except OSError:
        return False
    return True


def core_times(core: int) -> CoreTimes:
    """Return what `core` has done since boot."""
    return parse_core((PROC / "stat").read_text(), core)


@dataclass(frozen=True, slots=True)
class Reading:
    """The accounts at one moment."""

    subject_cpu: float
    upstream_cpu: float
    load_cpu: float
    subject_core: CoreTimes
    load_core: CoreTimes
