"""The one schema of TOML, YAML and JSON: frozen models, inert once read."""

from .auth import ApiKeySettings, AuthSettings, UserSettings
from .caching import CacheSettings
from .compose import ComposeSettings, PartSettings
from .compress import CompressSettings
from .gateway import GatewaySettings, ServerTls
from .limits import LimitSettings
from .portal import PortalSettings
from .rewriting import ResponseBodySettings
from .root import Settings
from .routes import CorsSettings, Edits, RouteSettings
from .upstreams import (
    BackendSecret,
    BackendSignature,
    CallerToken,
    EndpointSettings,
    UpstreamSettings,
    UpstreamTls,
)
from .websockets import WebSocketSettings

__all__ = [
    "ApiKeySettings",
    "AuthSettings",
    "BackendSecret",
    "BackendSignature",
    "CacheSettings",
    "CallerToken",
    "ComposeSettings",
    "CompressSettings",
    "CorsSettings",
    "Edits",
    "EndpointSettings",
    "GatewaySettings",
    "LimitSettings",
    "PartSettings",
    "PortalSettings",
    "ResponseBodySettings",
    "RouteSettings",
    "ServerTls",
    "Settings",
    "UpstreamSettings",
    "UpstreamTls",
    "UserSettings",
    "WebSocketSettings",
]
