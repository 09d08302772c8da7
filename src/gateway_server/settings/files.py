"""Which file is the configuration, and what is in it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .problem import Problem, SettingsError
from .syntax import SUFFIXES

NAMES: Final = tuple(f"gateway{suffix}" for suffix in SUFFIXES)
"""What is looked for in the working folder, in this order."""

VARIABLE: Final = "GATEWAY_CONFIG"

BYTES_MAX: Final = 4 * 2**20
"""Of a configuration: ten thousand routes need half of it."""


def find(environ: Mapping[str, str]) -> Path | None:
    """Return the configuration's path; None where there is none, for the demonstration."""
    if told := environ.get(VARIABLE):
        return Path(told)
    return next((Path(name) for name in NAMES if os.path.lexists(name)), None)


def read(path: Path) -> str:
    """Return the text of a configuration. Raises SettingsError."""
    if path.suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise _refused(path, "cannot tell the syntax of this file", f"end its name in {known}")
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except IsADirectoryError:
        raise _refused(
            path, "is a folder", f"name a file in it, such as {path}/gateway.toml"
        ) from None
    except FileNotFoundError:
        raise _refused(path, "there is no such file", _near(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _refused(path, f"cannot be read: {reason}") from None
    return _decoded(path, data)


def _decoded(path: Path, data: bytes) -> str:
    if len(data) > BYTES_MAX:
        raise _refused(path, f"is larger than {BYTES_MAX >> 20} MiB", "no configuration is")
    if not data.strip():
        cure = "run in a folder without one, and the demonstration is served"
        raise _refused(path, "is empty", cure)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte 0x{data[error.start]:02x} in line {line}"
        raise _refused(path, message, "save it as UTF-8") from None


def _near(path: Path) -> str:
    """Return a cure that names a configuration beside the missing one."""
    there = [name for name in NAMES if (path.parent / name).exists()]
    return f"there is {path.parent / there[0]}" if there else ""


def _refused(path: Path, message: str, cure: str = "") -> SettingsError:
    return SettingsError((Problem(str(path), message, help=cure),))
