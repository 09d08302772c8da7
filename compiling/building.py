"""Copy the sources, write their dataclasses out, and have mypyc compile the copy.

The sources stay as they are, and what is compiled lies beside them in `.compiled/`: who has
that first in `PYTHONPATH` uses it, all others run the sources. The types that mypyc relies
on are those that `make check` has proven of the very same files.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from .opening import opened
from .refusing import visited_twice, worked_out_twice
from .writing_out import gathered, written_out

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ROOT / "src"
CORE: Final = "gateway_core"
SERVER: Final = "gateway_server"
INTO: Final = ROOT / ".compiled"

INTERPRETED: Final = {
    "simulation": "for tests: nothing of it runs in a gateway",
    "composing": "most of its time is spent in jmespath, and mypyc rejects its recursive types",
    "composition": "as composing",
    "describing": "runs once in minutes",
    "frozen.py": "a decorator that exists for the interpreter",
    "structured.py": "its values are `bool | int`, where mypyc would make integers of booleans",
    "directives.py": "it reads those values",
    "claims.py": "numbers in JSON may be too large for a C double",
}
"""What of the core is copied and left as it is."""

OF_THE_SERVER: Final = frozenset(
    {
        *("timers.py", "outbox.py", "edges.py", "readiness.py"),
        *("identifiers.py", "telemetry/access.py"),
        *("drive.py", "streaming.py", "documents.py", "caching/talk.py", "talk.py"),
        *("lane_talk.py", "http_edge.py", "websocket_edge.py", "downstream.py", "request_body.py"),
        *("caching/shelf.py", "caching/body.py", "encoding/encoders.py"),
        *("front/answers.py", "front/contract.py", "front/endings.py", "front/streams.py"),
        *("front/quick.py", "front/quick_stream.py"),
        *("relaying/carrying.py", "relaying/frame_ends.py", "relaying/wires.py"),
        *("upstream/contract.py", "upstream/wire.py", "upstream/connection.py"),
        *("upstream/pool.py", "upstream/slots.py", "upstream/asked.py", "upstream/upload.py"),
        *("upstream/whole_answer.py", "upstream/http1_answer.py", "upstream/http1_call.py"),
        "upstream/http1_client.py",
    }
)
"""What of the server is compiled: the road of a request from head to line in the log, and of frames.

Not on it, with reasons: `front/wire.py` and `front/quick_wire.py`, in whose place tests put
wires of their own, which no compiled class takes for its like; `front/leaving.py`, an OSError;
`splicing.py`, which counts in attributes of a class. All else is asked for once in a start,
a connection, or a rare request.
"""

OPEN: Final = frozenset({"Stream"})
"""Compiled classes from which interpreted ones inherit."""

_SETUP: Final = """\
from setuptools import setup
from mypyc.build import mypycify

setup(
    name="gateway",
    ext_modules=mypycify(
        ["--config-file=", "--disable-error-code=misc", "--disable-error-code=type-var", *{files!r}],
        opt_level="{level}",
        debug_level="0",
        multi_file=True,
    ),
)
"""


_STAMP: Final = "of"


class NotBuiltError(Exception):
    """Says why, in words for whoever asked for it."""


def build(into: Path = INTO, *, force: bool = False, level: int = 2) -> bool:
    """Compile the sources into `into`, if it or what compiles it has changed; return whether.

    Raises:
        NotBuiltError: the compiler or Python's headers are missing, or the sources are not compilable,
            or would be compiled to something that was not meant.
    """
    _need_tools()
    if not force and is_fresh(into, level):
        return False
    making = into.with_name(f"{into.name}.new")  # what is there serves on until that is whole
    shutil.rmtree(making, ignore_errors=True)
    files = copy_written_out(making)
    (making / "setup.py").write_text(_SETUP.format(files=files, level=level))
    ran = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=making, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise NotBuiltError(f"mypyc or the C compiler failed.\n{(ran.stdout + ran.stderr)[-4000:]}")
    _refuse_visited_twice(making / "build")
    shutil.rmtree(making / "build")
    (making / _STAMP).write_text(_inputs(level))
    shutil.rmtree(into, ignore_errors=True)
    making.rename(into)
    return True


def is_fresh(into: Path = INTO, level: int = 2) -> bool:
    """Whether `into` holds what these very sources compile to."""
    stamp = into / _STAMP
    return stamp.is_file() and stamp.read_text() == _inputs(level)


def copy_written_out(into: Path) -> list[str]:
    """Copy the sources to `into`; return the files that are to be compiled, relative to it."""
    for package in (CORE, SERVER):
        shutil.copytree(
            SOURCES / package, into / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(Path(__file__).with_name("described.py"), into / CORE / "_described.py")
    names = [
        name
        for path in sorted(into.rglob("*.py"))
        if _is_compiled(name := str(path.relative_to(into)))
    ]
    sources = {name: (into / name).read_text() for name in names}
    _refuse_worked_out_twice(sources)
    known = gathered((source, name) for name, source in sources.items())
    for name, source in sources.items():
        (into / name).write_text(written_out(opened(source, OPEN), known, name))
    return names


def _refuse_worked_out_twice(sources: Mapping[str, str]) -> None:
    found = [f"{name}, {x}" for name, source in sources.items() for x in worked_out_twice(source)]
    if found:
        raise NotBuiltError(
            "Name these bounds first, or they are worked out twice:\n" + "\n".join(found)
        )


def _refuse_visited_twice(generated: Path) -> None:
    paths = sorted(generated.glob("*.c"))
    if found := [x for path in paths for x in visited_twice(path.read_text())]:
        cure = (
            "Declare these in the parent alone, or the collector never frees what they lead to:\n"
        )
        raise NotBuiltError(cure + "\n".join(found))


def _is_compiled(name: str) -> bool:
    package, _, rest = name.partition("/")
    if package == SERVER:
        return rest in OF_THE_SERVER
    parts = set(rest.split("/"))
    return "_described.py" not in parts and not parts & INTERPRETED.keys()


def _need_tools() -> None:
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        raise NotBuiltError(f"there is no C compiler ({compiler}); on Debian: apt-get install gcc")
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        raise NotBuiltError("Python's headers are missing; on Debian: apt-get install python3-dev")
    try:
        import mypyc.build
        import setuptools
    except ImportError as missing:
        raise NotBuiltError(f"{missing.name} is missing; `make setup` installs it") from missing
    del mypyc, setuptools


def _inputs(level: int) -> str:
    """Return a digest of all that the result depends on."""
    tools = f"{sys.version} mypy {metadata.version('mypy')} -O{level}"
    digest = hashlib.sha256(tools.encode())
    for folder in (SOURCES / CORE, SOURCES / SERVER, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"\n{path.relative_to(folder)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
