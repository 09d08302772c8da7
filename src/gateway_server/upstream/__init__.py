"""The gateway's side towards its upstreams."""

from .as_httpx import PooledTransport
from .contract import Answer, BodyReader, CallFailedError, UpstreamClient
from .http1_client import Http1Client
from .http2_client import Http2Client
from .tls import TlsSettings

__all__ = [
    "Answer",
    "BodyReader",
    "CallFailedError",
    "Http1Client",
    "Http2Client",
    "PooledTransport",
    "TlsSettings",
    "UpstreamClient",
]
