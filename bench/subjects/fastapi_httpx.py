"""FastAPI, uvicorn and httpx: the gateway that most people would write first.

Twice: with one client for all requests, at httpx's default limits (100 connections, of
which 20 are kept), and with a new client for each request, as many examples have it.
"""

import dataclasses

from .contract import Subject
from .packages import distribution_version, missing_distribution, python


def missing() -> str | None:
    """Say what is not there."""
    return missing_distribution("fastapi") or missing_distribution("uvicorn")


def version() -> str:
    """Return the versions of all four."""
    names = ("fastapi", "uvicorn", "uvloop", "httptools", "httpx")
    return ", ".join(f"{name} {distribution_version(name)}" for name in names)


SHARED = Subject(
    name="fastapi-httpx",
    about="FastAPI on uvicorn (uvloop, httptools), one httpx client with its default limits",
    command=(
        python(), "-m", "uvicorn", "fastapi_httpx_app:app", "--app-dir", "@FILES@",
        "--port", "@PORT@", "--backlog", "4096", "--loop", "uvloop", "--http", "httptools",
        "--no-server-header", "--timeout-keep-alive", "75",
    ),
    version=version,
    missing=missing,
    composes=True,
    environ={"SMALL": "@SMALL@", "BULK": "@BULK@", "CLIENT": "shared"},
)  # fmt: skip

EACH = dataclasses.replace(
    SHARED,
    name="fastapi-httpx-each",
    about="the same with a new httpx client for each request",
    composes=False,
    environ={**SHARED.environ, "CLIENT": "each"},
)
