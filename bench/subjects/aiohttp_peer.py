"""aiohttp on both sides, with uvloop: the fastest that is common in Python."""

from .contract import Subject
from .packages import distribution_version, missing_distribution, python

SUBJECT = Subject(
    name="aiohttp",
    about="aiohttp's server and client, uvloop",
    command=(python(), "@FILES@/aiohttp_app.py"),
    version=lambda: f"{distribution_version('aiohttp')}, uvloop {distribution_version('uvloop')}",
    missing=lambda: missing_distribution("aiohttp") or missing_distribution("uvloop"),
    environ={"PORT": "@PORT@", "SMALL": "@SMALL@", "BULK": "@BULK@"},
    log="access.log",
)
