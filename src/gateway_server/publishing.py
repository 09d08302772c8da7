"""From settings to the portal: what is served, and who is asked to describe it."""

from collections.abc import Mapping

from gateway_core.clock import Duration
from gateway_core.describing import Served
from gateway_core.exchange import Policies
from gateway_core.identifying import Guard
from gateway_core.refresh import Refresh

from .portal.pages import Portal
from .portal.services import FLOOR, TIMEOUT, Held, ServiceDocument, reading_apart
from .settings import Settings
from .upstream import UpstreamClient


def publishing(settings: Settings) -> frozenset[str]:
    """Return the names of the upstreams that are asked for a document."""
    if not settings.portal.enabled:
        return frozenset()
    return frozenset(name for name, each in settings.upstreams.items() if each.openapi is not None)


def build_portal(
    settings: Settings,
    policies: Policies,
    clients: Mapping[str, UpstreamClient],
    pages: frozenset[bytes],
    member: Guard | None,
) -> Portal:
    """Return the portal.

    `clients` are of the upstreams that are asked, and for that alone; `pages` are the
    gateway's own paths; `member` is what the page about oneself asks.
    """
    read = reading_apart()
    interval = Duration(settings.portal.refresh)
    services: dict[str, ServiceDocument] = {}
    for name, client in clients.items():
        wanted = settings.upstreams[name]
        assert wanted.openapi is not None
        services[name] = ServiceDocument(
            policies.upstreams[name],
            wanted.openapi,
            client,
            Refresh[Held](None, interval, FLOOR, TIMEOUT),
            read=read,
            unsaid=_secrets(settings),
        )
    return Portal(_served(settings, policies, pages, member), services)


def _served(
    settings: Settings, policies: Policies, pages: frozenset[bytes], member: Guard | None
) -> Served:
    doors = policies.doors.items()
    return Served(
        settings.portal.title,
        settings.portal.version,
        policies.router.routes,
        guards={name: door.guard for name, door in doors if door.guard is not None},
        limited=frozenset(policies.limits),
        composed={
            name: tuple(part.name for part in plan.parts)
            for name, plan in policies.compositions.items()
        },
        pages=pages,
        member=member,
        hidden=policies.forwarding.reserved,
    )


def _secrets(settings: Settings) -> tuple[bytes, ...]:
    """Return what services are shown and nobody else may see: no document may hold it."""
    return tuple(
        word.encode("ascii")
        for upstream in settings.upstreams.values()
        if upstream.secret is not None
        for word in upstream.secret.value.reveal().split()
    )
