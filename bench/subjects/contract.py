"""What a subject of a measurement is: data, so that a new one is a new file and no code.

In its command, files and environment stand `@PORT@` (where it is to listen), `@SMALL@` and
`@BULK@` (the upstreams' ports), `@FOLDER@` (a fresh scratch folder, its working folder),
`@FILES@` (bench/subjects/files), and what `own` adds.

Every subject does the same work:

    /api/...       to the upstream of small answers
    /files/...     to the upstream of large bodies, streamed
    /composed      one document of two parts, each /api/item.json, asked in parallel:
                   {"first": ..., "second": ...}; by those with `composes` alone
    all else       404, by itself

with connections to the upstreams kept, X-Forwarded-For and X-Request-ID set, an access
log into a file of its folder, time-outs on, and one worker. `verify.py` looks whether it
is so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILES = Path(__file__).parent / "files"


def there() -> None:
    """Nothing is missing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A server that is measured."""

    name: str
    about: str
    """What it is made of, in a line of the report."""
    command: tuple[str, ...]
    version: Callable[[], str]
    missing: Callable[[], str | None] = there
    """Why it cannot be measured here, in words with a cure; nothing if it can."""
    files: tuple[str, ...] = ()
    """Templates of bench/subjects/files, written into the scratch folder, filled."""
    own: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    log: str = "server.out"
    """The access log: a file of the scratch folder; `server.out` is standard output."""
    limits: bool = False
    """Whether it limits `/limited/...` to one request a minute and client, and says 429."""
    caches: bool = False
    """Whether it stores `/cached/...` for an hour, and says so in X-Cache."""
    hello: str = "/nowhere"
    """What it answers itself, with 404."""
    composes: bool = False
    """Whether it serves `/composed`."""
    workers: int = 1
    """Processes that serve. Several share the cores of subject and load with the load."""
    start_seconds: float = 20.0
    stop_seconds: float = 5.0
