"""Run the Autobahn|Testsuite (PyPI: autobahntestsuite) against its echo server, alone and behind us.

    python -m compliance [--cases 1.*,2.*] [--python PATH]

    fuzzing client ── direct ────────────────────▶ echo server (of the test suite itself)
                   ── frames ──▶ gateway, own ───▶      "
                   ── messages ▶ gateway, stock ─▶      "

The test suite needs Python 2.7, in whose environment it is installed; where there is none, this
says so and ends well. The exit status is 1 where a case goes worse through the frame road.
"""

import argparse
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

ROOT = Path(__file__).parents[1]
WSTEST = "from autobahntestsuite.wstest import run; import sys; sys.argv[0] = 'wstest'; run()"
CASES = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*"
"""Chapters 12 and 13, compression, take half an hour each on the test suite's own server."""
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


def run(python: str, cases: list[str], folder: Path) -> Path:
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


def main(words: list[str]) -> int:
    """Run it, print the table, and say what went worse."""
    parser = argparse.ArgumentParser(prog="python -m compliance", description=__doc__)
    parser.add_argument("--cases", default=CASES)
    parser.add_argument("--python", default=os.environ.get("AUTOBAHN_PYTHON"))
    given = parser.parse_args(words)
    python = interpreter(given.python)
    if python is None:
        print("Skipped: no Python 2.7 with autobahntestsuite here (or name one in AUTOBAHN_PYTHON)")
        return 0
    with tempfile.TemporaryDirectory(prefix="compliance-") as name:
        verdicts = read(run(python, given.cases.split(","), Path(name)))
    print(table(verdicts))
    for road in ROADS:
        print(f"\nworse through {road}: {', '.join(worse(verdicts, road)) or 'none'}")
    return 1 if worse(verdicts, "frames") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
