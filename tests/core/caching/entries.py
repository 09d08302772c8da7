"""Entries for tests."""

from dataclasses import replace
from typing import Any

from gateway_core.caching.entry import BodyId, Entry, Lifetime
from gateway_core.clock import Instant, UnixTime
from tests.core.caching.cases.freshness import AT

ENTRY = Entry(
    key=b"key",
    body=BodyId(1),
    status=200,
    fields=((b"content-type", b"text/plain"), (b"content-length", b"10"), (b"x-a", b"1")),
    origin=(),
    vary=(),
    selecting=(),
    lifetime=Lifetime(60),
    initial_age=0,
    received=Instant(0),
    date=UnixTime(AT),
    url=b"http://a/p",
    length=10,
    complete=True,
)


def entry(**changes: Any) -> Entry:
    """A complete answer of ten bytes, fresh for a minute from instant 0, but for `changes`."""
    return replace(ENTRY, **changes)
