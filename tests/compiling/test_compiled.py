"""What is compiled passes the tests of its sources."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compiling.building import INTO, NotBuiltError, build

ROOT = Path(__file__).parents[2]
ROOMS = [
    *("core/exchange", "core/forwarding", "core/http1", "core/limiting", "core/routing"),
    "core/test_machine.py",
    *("server/caching", "server/telemetry", "server/upstream"),
    *("server/test_drive.py", "server/test_lane_talk.py", "server/test_under_way.py"),
    "server/test_under_way_at_random.py",
    *("server/test_http_edge.py", "server/test_timers.py", "server/test_outbox.py"),
    *("server/test_posted_writes.py", "server/test_readiness.py"),
    *("server/test_readiness_taking.py", "server/front/test_quick.py"),
    *("server/front/test_quick_at_once.py", "server/front/test_quick_stream.py"),
]
"""What every request passes through, and the laws of all machines."""


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_what_is_compiled_passes_the_tests_of_the_sources() -> None:
    """Two minutes of compiling on a core to itself, once for each state of the sources."""
    try:
        build()
    except NotBuiltError as why:
        if "is missing" in str(why) or "are missing" in str(why) or "there is no" in str(why):
            pytest.skip(str(why))
        raise
    passes(*(f"tests/{room}" for room in ROOMS))
    passes("tests/end_to_end/test_hostile_clients.py", "-k", "plain-own")
    version = subprocess.run(
        [Path(sys.executable).with_name("gateway"), "--version"],
        env={**os.environ, "PYTHONPATH": str(INTO)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert version.stdout.strip().endswith("core compiled, server compiled")


def passes(*arguments: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(INTO), "PYTEST_ADDOPTS": ""},
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:]
