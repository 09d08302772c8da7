"""Every subject, in the order of the report. A new peer is a file here and a name below."""

from . import (
    aiohttp_peer,
    envoy,
    fastapi_httpx,
    fastapi_proxy_lib,
    gateway,
    haproxy,
    nginx,
    node_http_proxy,
)
from .contract import Subject

PEERS: tuple[Subject, ...] = (
    fastapi_httpx.SHARED,
    fastapi_httpx.EACH,
    fastapi_proxy_lib.SUBJECT,
    aiohttp_peer.SUBJECT,
    node_http_proxy.SUBJECT,
    envoy.SUBJECT,
    nginx.SUBJECT,
    haproxy.SUBJECT,
)


def every_subject(workers: int = 1) -> tuple[Subject, ...]:
    """Return the gateway, once for each protocol that its settings know, and its peers.

    With more than one of `workers`, the gateway by its default protocol comes with so many, too.
    """
    ours = gateway.subjects()
    both = (ours[0], ours[-1])  # as it is, and compiled
    several = tuple(gateway.of_workers(each, workers) for each in both) if workers > 1 else ()
    return (*ours, *several, *PEERS)


__all__ = ["PEERS", "Subject", "every_subject"]
