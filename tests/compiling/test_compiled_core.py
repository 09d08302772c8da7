"""The compiled core passes the tests of its sources."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compiling.building import INTO, NotBuiltError, build

ROOT = Path(__file__).parents[2]
ROOMS = ["exchange", "forwarding", "http1", "limiting", "routing", "test_machine.py"]
"""What every request passes through, and the laws of all machines."""


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_what_is_compiled_passes_the_tests_of_the_sources() -> None:
    """A minute and a half of compiling on a core to itself, once for each state of the sources."""
    try:
        build()
    except NotBuiltError as why:
        if "is missing" in str(why) or "are missing" in str(why) or "there is no" in str(why):
            pytest.skip(str(why))
        raise
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
        + [f"tests/core/{room}" for room in ROOMS],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(INTO), "PYTEST_ADDOPTS": ""},
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:]
    version = subprocess.run(
        [Path(sys.executable).with_name("gateway"), "--version"],
        env={**os.environ, "PYTHONPATH": str(INTO)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert version.stdout.strip().endswith("core compiled")
