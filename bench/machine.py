"""Where it was measured: figures without their machine are rumours."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from .pinning import Cores
from .subjects.packages import first_line, number_in


def cpu_model(cpuinfo: str) -> str:
    """Return the model's name from /proc/cpuinfo."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def describe(cores: Cores, upstream_kind: str) -> Mapping[str, str]:
    """Return the machine, its software, and how busy it was with other things."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{cpu_model(Path('/proc/cpuinfo').read_text())}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "load by": f"wrk {number_in(first_line('wrk', '-v'))}, "
        f"{first_line('h2load', '--version')}, bench/open_loop.py, transfer.py, idle.py",
        "upstream": upstream_kind,
        "cores": cores.told(),
        "load average before": load,
    }
