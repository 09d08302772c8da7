"""Which core does what.

The subject has a core of its own; the load generator and the upstream share another,
or have one each where the machine has three. Two threads of one physical core count as
one: they would take each other's time.
"""

import os
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


class TooFewCoresError(Exception):
    """The machine cannot keep load and subject apart."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Numbers of cores, as taskset takes them."""

    subject: int
    load: int
    upstream: int

    @property
    def both(self) -> str:
        """Return where a subject of several workers runs, and its load, bound to neither core."""
        return f"{self.subject},{self.load}"

    def told(self) -> str:
        """Return the arrangement in words."""
        return f"subject on core {self.subject}, load on {self.load}, upstream on {self.upstream}"


def parse_list(text: str) -> list[int]:
    """Read a kernel list of cores: `0-2,4`."""
    found: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return found


def physical(allowed: Iterable[int]) -> list[int]:
    """Return the first thread of each physical core among `allowed`."""
    found: list[int] = []
    taken: set[int] = set()
    for core in sorted(allowed):
        if core not in taken:
            found.append(core)
            path = Path(SIBLINGS.format(core))
            taken.update(parse_list(path.read_text()) if path.exists() else [core])
    return found


def arrange(cores: list[int]) -> Cores:
    """Hand out `cores`, two at least. Raises TooFewCoresError."""
    if len(cores) < 2:
        raise TooFewCoresError("bench needs two cores: the load would take the subject's time")
    return Cores(cores[0], cores[1], cores[2] if len(cores) > 2 else cores[1])


def pinned(cores: int | str, command: Iterable[str]) -> list[str]:
    """Return `command` so that it and its children run on `cores` only: one, or a kernel list."""
    return ["taskset", "--cpu-list", str(cores), *command]


def keep_off(core: int) -> None:
    """Take this process off `core`, for its own bookkeeping would be in the way."""
    rest = os.sched_getaffinity(0) - {core}
    if rest:
        os.sched_setaffinity(0, rest)


def raise_descriptor_limit(wanted: int) -> int:
    """Raise the soft limit of open files up to `wanted`, and return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft
