"""The record of a request for one of the gateway's own pages, where the page finds it."""

from collections.abc import Mapping
from typing import Any, Final

from gateway_core.exchange import Record

RECORD: Final = "gateway.record"
"""Under this name it stands in an ASGI scope."""


def record_in(scope: Mapping[str, Any]) -> Record:
    """Return the record of the request that `scope` tells of; one that nobody reads, without."""
    found: object = scope.get(RECORD)
    return found if isinstance(found, Record) else Record()
