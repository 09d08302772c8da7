"""Who relays WebSockets here: data, as in bench/subjects. Each relays /ws/... to @SMALL@."""

import sys
from pathlib import Path

from compiling.building import INTO

from ..subjects.contract import Subject
from ..subjects.gateway import BIN, not_compiled, there, version
from ..subjects.packages import (
    distribution_version,
    first_line,
    missing_distribution,
    missing_program,
    number_in,
    program,
    python,
)

FILES = Path(__file__).parent / "files"


def gateway(protocol: str, *, compiled: bool = False) -> Subject:
    """Return the gateway of this tree: own relays frames, stock relays messages."""
    road = {"own": "frames", "stock": "messages"}[protocol]
    return Subject(
        name=f"gateway-{'compiled-' if compiled else ''}{road}",
        about=f"this gateway{', compiled' if compiled else ''}, protocol {protocol}: it relays {road}",
        command=(
            f"{BIN}/hypercorn", "gateway_server:app", "--worker-class", "trio",
            "--bind", "127.0.0.1:@PORT@", "--backlog", "8192",
        ),
        version=version,
        files=("sockets.toml",),
        own={"PROTOCOL": protocol},
        environ={
            "GATEWAY_CONFIG": "@FOLDER@/sockets.toml",
            **({"PYTHONPATH": str(INTO)} if compiled else {}),
        },
        missing=not_compiled if compiled else there,
    )  # fmt: skip


PEERS = (
    Subject(
        name="nginx",
        about="nginx, one worker: a tunnel of bytes behind the 101",
        command=(program("nginx") or "nginx", "-p", "@FOLDER@", "-c", "@FOLDER@/nginx.conf"),
        version=lambda: number_in(first_line(program("nginx") or "nginx", "-v")),
        missing=lambda: missing_program("nginx"),
        files=("nginx.conf",),
    ),
    Subject(
        name="haproxy",
        about="HAProxy, one thread: a tunnel of bytes behind the 101",
        command=(program("haproxy") or "haproxy", "-db", "-f", "@FOLDER@/haproxy.cfg"),
        version=lambda: number_in(first_line(program("haproxy") or "haproxy", "-v")),
        missing=lambda: missing_program("haproxy"),
        files=("haproxy.cfg",),
    ),
    Subject(
        name="aiohttp",
        about="a relay on aiohttp's server and client, uvloop: messages, parsed in C",
        command=(python(), "@FILES@/aiohttp_relay.py"),
        version=lambda: f"{distribution_version('aiohttp')}, uvloop {distribution_version('uvloop')}",
        missing=lambda: missing_distribution("aiohttp") or missing_distribution("uvloop"),
        environ={"PORT": "@PORT@", "SMALL": "@SMALL@"},
    ),
    Subject(
        name="fastapi-proxy-lib",
        about="fastapi-proxy-lib's ReverseWebSocketProxy on uvicorn (uvloop)",
        command=(
            python(), "-m", "uvicorn", "proxy_lib_relay:app", "--app-dir", "@FILES@",
            "--port", "@PORT@", "--backlog", "8192", "--loop", "uvloop", "--log-level", "warning",
            "--ws-max-size", "67108864",
        ),
        version=lambda: distribution_version("fastapi-proxy-lib"),
        missing=lambda: missing_distribution("fastapi-proxy-lib"),
        environ={"SMALL": "@SMALL@"},
    ),
    gateway("own"),
    gateway("own", compiled=True),
    gateway("stock"),
    gateway("stock", compiled=True),
)  # fmt: skip

PROGRAM = (sys.executable, "-m", "bench.sockets")
