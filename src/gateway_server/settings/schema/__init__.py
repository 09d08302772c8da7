"""The one schema of TOML, YAML and JSON: frozen models, inert once read."""

from .caching import CacheSettings
from .compose import ComposeSettings, PartSettings
from .gateway import GatewaySettings, ServerTls
from .limits import LimitSettings
from .root import Settings
from .routes import Edits, RouteSettings
from .upstreams import EndpointSettings, UpstreamSettings, UpstreamTls
from .websockets import WebSocketSettings

__all__ = [
    "CacheSettings",
    "ComposeSettings",
    "Edits",
    "EndpointSettings",
    "GatewaySettings",
    "LimitSettings",
    "PartSettings",
    "RouteSettings",
    "ServerTls",
    "Settings",
    "UpstreamSettings",
    "UpstreamTls",
    "WebSocketSettings",
]
