"""Which paths the gateway answers itself, past all routes."""

from gateway_core.routing import Router

from ..portal.files import ASSETS, DOCUMENT, PAGE
from .schema import Settings


def own_pages(settings: Settings, router: Router) -> list[bytes]:
    """Return the gateway's own paths. All but `/` yield to routes that name them exactly."""
    pages = [b"/livez", b"/readyz"] if settings.gateway.endpoints else []
    if any(scheme.kind == "password" for scheme in settings.auth.values()):
        pages += [b"/token", b"/users/me"]
    own = [page for page in pages if not router.claims_exact(page)]
    own += _portal(settings, router)
    root = settings.gateway.endpoints and not router.claims(b"/")
    return [*own, b"/"] if root else own


def _portal(settings: Settings, router: Router) -> list[bytes]:
    """Return the portal's. They yield to prefixes that are called so, too: `/docs` is a common one."""
    if not settings.portal.enabled:
        return []
    named = {str(route.pattern).encode("ascii") for route in router.routes}
    page = [PAGE, *ASSETS] if named.isdisjoint({PAGE, *ASSETS}) else []
    return page if DOCUMENT in named else [*page, DOCUMENT]
