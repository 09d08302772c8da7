"""fastapi-proxy-lib: the reverse proxy of PyPI for FastAPI, by its documented API.

It sets neither X-Forwarded-For nor X-Request-ID, and is measured as it is.
"""

import dataclasses

from .contract import Subject
from .fastapi_httpx import SHARED
from .packages import distribution_version, missing_distribution

SUBJECT: Subject = dataclasses.replace(
    SHARED,
    name="fastapi-proxy-lib",
    about="fastapi-proxy-lib's ReverseHttpProxy on uvicorn (uvloop, httptools)",
    command=tuple(
        "fastapi_proxy_lib_app:app" if word == "fastapi_httpx_app:app" else word
        for word in SHARED.command
    ),
    version=lambda: f"{distribution_version('fastapi-proxy-lib')}, {SHARED.version()}",
    missing=lambda: missing_distribution("fastapi-proxy-lib") or SHARED.missing(),
)
