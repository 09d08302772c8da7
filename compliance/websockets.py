"""Run the Autobahn|Testsuite (PyPI: autobahntestsuite) against its echo server, alone and behind us.

    python -m compliance websockets

    fuzzing client ── direct ────────────────────▶ echo server (of the test suite itself)
                   ── frames ──▶ gateway, own ───▶      "
                   ── messages ▶ gateway, stock ─▶      "

The test suite needs Python 2.7, in whose environment it is installed: AUTOBAHN_PYTHON names one
that is not on the PATH, AUTOBAHN_CASES other cases ("12.*,13.*": half an hour and more).
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.loopback import free_port
from bench.processes import spawned

from .autobahn import BASE, read, table, worse
from .outcome import Outcome

SUITE = "Autobahn|Testsuite"
WSTEST = "from autobahntestsuite.wstest import run; import sys; sys.argv[0] = 'wstest'; run()"
CASES = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*"
"""Chapters 12 and 13, compression, keep the test suite's own ends busy for half an hour."""
ROADS = {"frames": "own", "messages": "stock"}
START_SECONDS = 20.0
SETTINGS = """\
[gateway]
protocol = "{protocol}"
[upstreams.echo]
endpoints = ["http://127.0.0.1:{port}"]
preserve_host = false
[[routes]]
name = "echo"
prefix = "/"
upstream = "echo"
websocket = {{ max_message = "64MiB" }}
"""


def interpreter(wanted: str | None) -> str | None:
    """Return a Python 2.7 that has the test suite."""
    for name in [wanted] if wanted else ["python2.7", "python2"]:
        path = shutil.which(name)
        words = [path or "", "-c", "import autobahntestsuite"]
        if path and subprocess.run(words, capture_output=True, check=False).returncode == 0:
            return path
    return None


def _measure(python: str, cases: list[str], folder: Path) -> Path:
    """Run the test suite; return the index of its report."""
    echo = free_port()
    servers = [{"agent": BASE, "url": f"ws://127.0.0.1:{echo}"}]
    with ExitStack() as stack:
        words = [python, "-c", WSTEST, "-m", "testeeserver", "-w", servers[0]["url"]]
        stack.enter_context(spawned(words, folder, "echo"))
        for road, protocol in ROADS.items():
            port = free_port()
            settings = folder / f"{road}.toml"
            settings.write_text(SETTINGS.format(protocol=protocol, port=echo))
            hypercorn = f"{sys.prefix}/bin/hypercorn"
            words = [hypercorn, "gateway_server:app", "--worker-class", "trio"]
            environ = {"GATEWAY_CONFIG": str(settings)}
            bind = ["--bind", f"127.0.0.1:{port}"]
            stack.enter_context(spawned([*words, *bind], folder, road, environ))
            servers.append({"agent": road, "url": f"ws://127.0.0.1:{port}"})
        for server in servers:
            await_port(int(server["url"].rpartition(":")[2]))
        spec = folder / "spec.json"
        more = {"cases": cases, "exclude-cases": [], "exclude-agent-cases": {}}
        spec.write_text(json.dumps({"outdir": str(folder / "report"), "servers": servers, **more}))
        words = [python, "-c", WSTEST, "-m", "fuzzingclient", "-s", str(spec)]
        subprocess.run(words, check=True, stdout=sys.stderr)
    return folder / "report" / "index.json"


def await_port(port: int) -> None:
    """Return once somebody listens."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def run() -> Outcome:
    """Run the suite, if there is a Python for it. Fails where a case goes worse by frames."""
    python = interpreter(os.environ.get("AUTOBAHN_PYTHON"))
    if python is None:
        return Outcome(SUITE, skipped=_HOW)
    cases = os.environ.get("AUTOBAHN_CASES", CASES).split(",")
    with tempfile.TemporaryDirectory(prefix="compliance-") as name:
        verdicts = read(_measure(python, cases, Path(name)))
    lines = table(verdicts).splitlines()
    for road in ROADS:
        lines.append(f"worse through {road}: {', '.join(worse(verdicts, road)) or 'none'}")
    return Outcome(SUITE, lines=lines, failed=bool(worse(verdicts, "frames")))


_HOW = (
    "there is no Python 2.7 that has autobahntestsuite; make an environment of one, "
    "`pip install autobahntestsuite` in it, and say AUTOBAHN_PYTHON=/path/to/its/python"
)
