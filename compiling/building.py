"""Copy the core, write its dataclasses out, and have mypyc compile the copy.

The sources stay as they are, and what is compiled lies beside them in `.compiled/`: who has
that first in `PYTHONPATH` uses it, all others run the sources. The types that mypyc relies
on are those that `make check` has proven of the very same files.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Final

from .writing_out import gathered, written_out

ROOT: Final = Path(__file__).parents[1]
CORE: Final = ROOT / "src" / "gateway_core"
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
"""What is copied and left as it is."""

_SETUP: Final = """\
from setuptools import setup
from mypyc.build import mypycify

setup(
    name="gateway-core",
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
    """Compile the core into `into`, if it or what compiles it has changed; return whether.

    Raises:
        NotBuiltError: the compiler or Python's headers are missing, or the core is not compilable.
    """
    _need_tools()
    if not force and is_fresh(into, level):
        return False
    shutil.rmtree(into, ignore_errors=True)
    files = copy_written_out(into)
    (into / "setup.py").write_text(_SETUP.format(files=files, level=level))
    ran = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=into, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise NotBuiltError(f"mypyc or the C compiler failed.\n{(ran.stdout + ran.stderr)[-4000:]}")
    shutil.rmtree(into / "build")
    (into / _STAMP).write_text(_inputs(level))
    return True


def is_fresh(into: Path = INTO, level: int = 2) -> bool:
    """Whether `into` holds what these very sources compile to."""
    stamp = into / _STAMP
    return stamp.is_file() and stamp.read_text() == _inputs(level)


def copy_written_out(into: Path) -> list[str]:
    """Copy the core to `into`; return the files that are to be compiled, relative to it."""
    copy = into / CORE.name
    shutil.copytree(CORE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).with_name("described.py"), copy / "_described.py")
    paths = [path for path in sorted(copy.rglob("*.py")) if _is_compiled(path.relative_to(copy))]
    sources = {path: (path.read_text(), str(path.relative_to(into))) for path in paths}
    known = gathered(sources.values())
    for path, (source, name) in sources.items():
        path.write_text(written_out(source, known, name))
    return [str(path.relative_to(into)) for path in paths]


def _is_compiled(path: Path) -> bool:
    return path.name != "_described.py" and not set(path.parts) & INTERPRETED.keys()


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
    for folder in (CORE, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"\n{path.relative_to(folder)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
