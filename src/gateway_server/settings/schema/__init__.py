"""The one schema of TOML, YAML and JSON: frozen models, inert once read."""

from .gateway import GatewaySettings, ServerTls
from .limits import LimitSettings
from .root import Settings
from .routes import Edits, RouteSettings
from .upstreams import EndpointSettings, UpstreamSettings, UpstreamTls

__all__ = [
    "Edits",
    "EndpointSettings",
    "GatewaySettings",
    "LimitSettings",
    "RouteSettings",
    "ServerTls",
    "Settings",
    "UpstreamSettings",
    "UpstreamTls",
]
