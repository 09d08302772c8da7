"""The gateway's side towards its upstreams."""

from .contract import Answer, BodyReader, CallFailedError, UpstreamClient
from .httpx_client import HttpxClient
from .tls import TlsSettings

__all__ = [
    "Answer",
    "BodyReader",
    "CallFailedError",
    "HttpxClient",
    "TlsSettings",
    "UpstreamClient",
]
