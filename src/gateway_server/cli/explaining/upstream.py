"""Where the request goes, and how long it is waited for."""

from collections.abc import Iterator
from typing import Final

from ...settings.places import KeyPath
from ...settings.schema.values import spell_duration
from .case import Case
from .contract import Fact

_WAITS: Final = {
    "connect_timeout": "for a connection, then 504",
    "response_timeout": "for the answer's head, then 504",
    "idle_timeout": "for the next bytes, then the transfer is cut",
}


def upstream(case: Case) -> Iterator[Fact]:
    """Tell the endpoints and the waits of each upstream that is asked."""
    if case.match is None:
        return
    for name in case.upstreams:
        path: KeyPath = ("upstreams", name)
        yield Fact(f"upstream {name}", path)
        for index, endpoint in enumerate(case.policies.upstreams[name].endpoints):
            yield Fact(str(endpoint), (*path, "endpoints", index), 1)
        settings = case.settings.upstreams[name]
        for key, what in _WAITS.items():
            yield Fact(f"{spell_duration(getattr(settings, key))} {what}", (*path, key), 1)
