"""http-tests/cache-tests, through the gateway, against the suite's own origin.

The suite is not kept here: name a checkout whose `npm install` has run by
CACHE_TESTS=/path/to/cache-tests, or it is fetched as a package by npm into `.bench/`, in the
form that it had in 2021.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .outcome import Outcome
from .scoring import Scores, score

SUITE = "http-tests/cache-tests"
REQUIRED_MIN, OPTIMAL_MIN = 155, 92
"""What must pass, of 160 and 105: a few below what does, since three tests look at the clock."""
OLD_REQUIRED_MIN, OLD_OPTIMAL_MIN = 135, 75
"""Of 157 and 86 in the package of npm, which was made before RFC 9111: see OLD."""
OLD = (
    "this is npm's package, of 2021 and before RFC 9111: nine of its required tests ask for the "
    "opposite of section 5.1 (an Age that is no number), four take a 502 for an answer from the "
    "cache; for today's suite clone https://github.com/http-tests/cache-tests, run `npm install` "
    "in it, and say CACHE_TESTS=/path/to/it make compliance"
)
ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".bench" / "cache-tests"
PACKAGE = "http-cache-tests"
RUN_SECONDS = 400
_TESTS = """
import tests from '@SUITE@/tests/index.mjs'
const told = {}
for (const part of tests) for (const { id, kind, depends_on, browser_only } of part.tests) {
  told[id] = { kind, depends_on, browser_only }
}
console.log(JSON.stringify(told))
"""
_CONFIGURATION = """\
[gateway]
access_log = "off"
[upstreams.origin]
endpoints = ["http://127.0.0.1:@ORIGIN@"]
response_timeout = "20s"
[[routes]]
name = "all"
prefix = "/"
upstream = "origin"
cache = { set_cookie = "store" }
"""


def run() -> Outcome:
    """Run the suite, if it can be had."""
    if shutil.which("node") is None:
        return Outcome(SUITE, skipped="there is no node; install Node.js 20 or newer")
    suite = _find()
    if suite is None:
        return Outcome(SUITE, skipped=_HOW)
    scores = _measure(suite)
    required, optimal = scores.passed["required"], scores.passed["optimal"]
    lines = [f"{kind}: {scores.passed[kind]} of {scores.all[kind]}" for kind in sorted(scores.all)]
    failed = required < suite.required_min or optimal < suite.optimal_min
    noted = [suite.note] if suite.note else []
    return Outcome(SUITE, lines=[*noted, *lines, *scores.failures], failed=failed)


_HOW = (
    f"it is neither at CACHE_TESTS nor to be had from npm as {PACKAGE}; clone "
    "https://github.com/http-tests/cache-tests, run `npm install` in it, and say "
    "CACHE_TESTS=/path/to/it make compliance"
)


@dataclass(frozen=True)
class Suite:
    """A copy of the suite: where its parts lie, and what must pass of it."""

    folder: Path
    engine: str
    """Folder of its client and its origin."""
    required_min: int
    optimal_min: int
    note: str = ""
    """What is to be known of its figures."""


def _find() -> Suite | None:
    """Return the suite; fetch it where none is named."""
    if named := os.environ.get("CACHE_TESTS"):
        return suite_in(Path(named).resolve())
    found = PLACE / "node_modules" / PACKAGE
    if suite_in(found) is None and shutil.which("npm"):
        PLACE.mkdir(parents=True, exist_ok=True)
        (PLACE.parent / ".gitignore").write_text("*\n")
        words = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(PLACE), PACKAGE]
        subprocess.run(words, capture_output=True, check=False, timeout=300)
    return suite_in(found)


def suite_in(folder: Path) -> Suite | None:
    """Return the suite that lies in `folder`: as it is today, or as it was when npm got it."""
    if (folder / "test-engine" / "cli.mjs").is_file():
        return Suite(folder, "test-engine/", REQUIRED_MIN, OPTIMAL_MIN)
    if (folder / "cli.mjs").is_file():
        return Suite(folder, "", OLD_REQUIRED_MIN, OLD_OPTIMAL_MIN, OLD)
    return None


def _measure(suite: Suite) -> Scores:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "tests.mjs").write_text(_TESTS.replace("@SUITE@", str(suite.folder)))
        tests = json.loads(_node([str(folder / "tests.mjs")], suite.folder, {}))
        origin, gateway = _free_port(), _free_port()
        (folder / "gateway.toml").write_text(_CONFIGURATION.replace("@ORIGIN@", str(origin)))
        with _origin(suite, folder, origin), _gateway(folder, gateway):
            told = _node(
                ["--no-warnings", f"{suite.engine}cli.mjs"],
                suite.folder,
                {"npm_config_base": f"http://127.0.0.1:{gateway}", "npm_package_config_id": ""},
            )
    return score(tests, json.loads(told))


def _node(words: list[str], suite: Path, environ: dict[str, str]) -> str:
    ran = subprocess.run(
        ["node", *words],
        cwd=suite,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
        timeout=RUN_SECONDS,
    )
    return ran.stdout


@contextmanager
def _origin(suite: Suite, folder: Path, port: int) -> Iterator[None]:
    environ = {
        "npm_config_protocol": "http",
        "npm_config_port": str(port),
        "npm_config_pidfile": str(folder / "origin.pid"),
    }
    with _process(["node", f"{suite.engine}server/server.mjs"], suite.folder, environ, port):
        yield


@contextmanager
def _gateway(folder: Path, port: int) -> Iterator[None]:
    hypercorn = str(Path(sys.executable).parent / "hypercorn")
    words = [hypercorn, "gateway_server:app", "--worker-class", "trio"]
    words += ["--bind", f"127.0.0.1:{port}"]
    with _process(words, folder, {"GATEWAY_CONFIG": str(folder / "gateway.toml")}, port):
        yield


@contextmanager
def _process(words: list[str], cwd: Path, environ: dict[str, str], port: int) -> Iterator[None]:
    """Run a server until the block ends; enter the block once it listens."""
    with subprocess.Popen(
        words,
        cwd=cwd,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _await_port(port, process)
            yield
        finally:
            process.terminate()


def _await_port(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing listens at port {port}")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
