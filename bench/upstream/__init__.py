"""The upstream behind every subject: small answers by nginx, large bodies by `light.py`."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..filling import fill
from ..loopback import answers, free_port
from ..pinning import pinned
from ..processes import spawned
from . import light

HERE = Path(__file__).parent
START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where it listens and what it serves."""

    small_port: int
    bulk_port: int
    small_body: bytes
    """What `/api/item.json` answers; a part of it is new in every run."""
    blob_bytes: int
    pids: tuple[int, ...]
    kind: str
    """What serves the small answers, in words."""


@contextmanager
def upstream(core: int, token: str, blob_bytes: int) -> Iterator[Upstream]:
    """Run both upstreams on `core`."""
    body = light.small_body(token)
    small, bulk = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="bench-upstream-") as name:
        folder = Path(name)
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if nginx:
            values = {"PORT": small, "FOLDER": folder, "BODY": body.decode()}
            config = folder / "nginx.conf"
            config.write_text(fill((HERE / "nginx.conf").read_text(), values))
            small_command = [nginx, "-c", str(config), "-p", str(folder)]
            kind = f"nginx {nginx_version(nginx)}, one worker; light.py for large bodies"
        else:
            small_command = light.command(small, token, blob_bytes)
            kind = "bench/upstream/light.py (no nginx here)"
        bulk_command = light.command(bulk, token, blob_bytes)
        with (
            spawned(pinned(core, small_command), folder, "small") as first,
            spawned(pinned(core, bulk_command), folder, "bulk") as second,
        ):
            await_start(small, "/api/item.json")
            await_start(bulk, "/files/echo")
            pids = (first.pid, second.pid)
            yield Upstream(small, bulk, body, blob_bytes, pids, kind)


def await_start(port: int, path: str) -> None:
    """Wait until `path` answers 200. Raises TimeoutError."""
    end = time.monotonic() + START_SECONDS
    while not answers(port, path, 200):
        if time.monotonic() > end:
            raise TimeoutError(f"the upstream does not answer {path}")
        time.sleep(0.02)


def nginx_version(nginx: str) -> str:
    """Return what nginx calls itself."""
    ran = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False)
    return ran.stderr.partition("nginx/")[2].strip()
