"""The whole configuration."""

from .auth import AuthSettings
from .gateway import GatewaySettings
from .keys import Table, key
from .limits import LimitSettings
from .names import Name
from .portal import PortalSettings
from .routes import RouteSettings
from .upstreams import UpstreamSettings


class Settings(Table):
    """The configuration of a gateway."""

    gateway: GatewaySettings = key({}, about="The process itself.", shown="all defaults")
    portal: PortalSettings = key(
        {}, about="The API document and the page that shows it.", shown="all defaults"
    )
    upstreams: dict[Name, UpstreamSettings] = key(
        {}, about="Services behind the gateway, by name.", shown="none"
    )
    limits: dict[Name, LimitSettings] = key({}, about="Budgets of requests, by name.", shown="none")
    auth: dict[Name, AuthSettings] = key(
        {}, about="Ways in which callers say who they are, by name.", shown="none"
    )
    routes: tuple[RouteSettings, ...] = key(
        (), about="Which requests go to which upstream.", shown="none: every request is 404"
    )
