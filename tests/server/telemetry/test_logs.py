"""The gateway's own log never shows the values of variables."""

import json
import subprocess
import sys

SCRIPT = """
import structlog
from gateway_server.telemetry import configure_logs
configure_logs()
log = structlog.get_logger("gateway.test")
log.debug("not shown")
try:
    password = "hunter" + "2"
    raise ValueError("broken")
except ValueError:
    log.exception("it failed", task="t")
"""


def test_a_failure_is_one_line_of_json_with_a_plain_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["task"]) == ("it failed", "error", "t")
    assert "ValueError: broken" in told["exception"]
    assert "hunter2" not in line
