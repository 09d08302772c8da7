"""Which paths the gateway answers itself, past all routes."""

from gateway_core.routing import Router

from .schema import Settings


def own_pages(settings: Settings, router: Router) -> list[bytes]:
    """Return the gateway's own paths. All but `/` yield to routes that name them exactly."""
    pages = [b"/livez", b"/readyz"] if settings.gateway.endpoints else []
    if any(scheme.kind == "password" for scheme in settings.auth.values()):
        pages += [b"/token", b"/users/me"]
    own = [page for page in pages if not router.claims_exact(page)]
    root = settings.gateway.endpoints and not router.claims(b"/")
    return [*own, b"/"] if root else own
