"""Which paths the gateway answers itself, past all routes."""

from gateway_core.routing import Router

from .schema import Settings


def own_pages(settings: Settings, router: Router) -> list[bytes]:
    """Return the gateway's own paths. `/livez` and `/readyz` yield to routes that name them."""
    if not settings.gateway.endpoints:
        return []
    own = [page for page in (b"/livez", b"/readyz") if not router.claims_exact(page)]
    return own if router.claims(b"/") else [*own, b"/"]
