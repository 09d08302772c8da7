"""Where the peers' packages are: `.bench/`, apart from the gateway's own environment.

`.bench/venv` holds what requirements.txt names, `.bench/node` what files/package.json
names. The folder ignores itself in git. Programmes of the system are used where they are
found; only `python -m bench --apt` installs them, since that starts services.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .contract import FILES

BENCH = Path(__file__).parents[1]
HOME = BENCH.parent / ".bench"
VENV = HOME / "venv"
NODE = HOME / "node"
REQUIREMENTS = BENCH / "requirements.txt"
SYSTEM = {
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "wrk": "wrk",
    "h2load": "nghttp2-client",
    "taskset": "util-linux",
}
"""Programmes, and the packages of Debian that hold them."""
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
INSTALL_SECONDS = 600


def program(name: str) -> str | None:
    """Return the path of a programme of the system."""
    return shutil.which(name, path=PLACES)


def python() -> str:
    """Return the interpreter of the peers."""
    return str(VENV / "bin" / "python")


def missing_program(name: str) -> str | None:
    """Say that a programme is not there, and how to get it."""
    if program(name):
        return None
    package = SYSTEM.get(name, name)
    return f"no {name} here (apt-get install {package}, or as root: python -m bench --apt)"


def missing_distribution(name: str) -> str | None:
    """Say that a Python package is not in the peers' environment."""
    if distribution_version(name):
        return None
    return f"{name} could not be installed into .bench/venv"


def missing_node_package(name: str) -> str | None:
    """Say that a Node package, or Node itself, is not there."""
    if not program("node"):
        return "no node here"
    return None if node_version(name) else f"{name} could not be installed into .bench/node"


def distribution_version(name: str) -> str:
    """Return the version of a package in the peers' environment; nothing if it has none."""
    return distributions().get(re.sub(r"[-_.]+", "-", name).lower(), "")


@functools.cache
def distributions() -> dict[str, str]:
    """Return what the peers' environment holds."""
    found = {}
    for folder in VENV.glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return found


def node_version(name: str) -> str:
    """Return the version of an installed Node package; nothing if it is not there."""
    try:
        text = (NODE / "node_modules" / name / "package.json").read_text()
    except OSError:
        return ""
    return str(json.loads(text)["version"])


def first_line(*command: str) -> str:
    """Return the first line that a programme prints about itself."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (ran.stdout + ran.stderr).strip().partition("\n")[0].strip()


def number_in(text: str) -> str:
    """Return the version number in what a programme printed."""
    found = re.search(r"\d+(?:\.\d+)+\S*", text)
    return found[0] if found else text


def install() -> list[str]:
    """Install the peers that are not there yet. Returns what failed, in words."""
    HOME.mkdir(exist_ok=True)
    (HOME / ".gitignore").write_text("*\n")
    failed = [*_install_python(), *_install_node()]
    distributions.cache_clear()
    return failed


def _install_python() -> list[str]:
    stamp = VENV / ".installed"
    wanted = REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return []
    pip = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    problem = ""
    if not Path(python()).exists():
        problem = _run([sys.executable, "-m", "venv", str(VENV)])
    problem = problem or _run([*pip, "--requirement", str(REQUIREMENTS)])
    if not problem:
        stamp.write_text(wanted)
        return []
    # One that cannot be had must not cost the others: now each by itself.
    lines = [line for line in wanted.splitlines() if "==" in line and not line.startswith("#")]
    return [f"{line}: {why}" for line in lines if (why := _run([*pip, line]))] or [problem]


def _install_node() -> list[str]:
    npm, package = program("npm"), FILES / "package.json"
    installed = NODE / "package.json"
    if npm is None:
        return ["no npm here"]
    if (NODE / "node_modules").is_dir() and installed.read_text() == package.read_text():
        return []
    NODE.mkdir(exist_ok=True)
    shutil.copyfile(package, installed)
    words = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    why = _run([npm, "--prefix", str(NODE), *words])
    return [f"npm: {why}"] if why else []


def install_system() -> list[str]:
    """Install the programmes of the system by apt, as root. Returns what failed, in words."""
    wanted = sorted({package for name, package in SYSTEM.items() if not program(name)})
    if not wanted:
        return []
    apt = program("apt-get")
    if apt is None or os.geteuid() != 0:
        return [f"apt-get needs to be there, and root, for {', '.join(wanted)}"]
    _run([apt, "update"])
    words = [apt, "install", "--yes", "--no-install-recommends"]
    return [f"{package}: {why}" for package in wanted if (why := _run([*words, package]))]


def _run(command: list[str]) -> str:
    """Run it, and return what it last said if it failed."""
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if ran.returncode == 0:
        return ""
    return (ran.stderr.strip() or ran.stdout.strip() or f"status {ran.returncode}").splitlines()[-1]
