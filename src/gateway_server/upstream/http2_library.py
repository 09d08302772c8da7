"""h2 as we want it towards upstreams: what it announces, and where it is too strict for a gateway.

Source: RFC 9113, sections 6.5, 6.8 and 6.9.
"""

from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes, Settings

from gateway_core.errors import FailureKind
from gateway_core.http1.limits import DEFAULT_LIMITS

from ..goodbyes import Enduring

STREAMS_MAX: Final = 100
"""Calls at once on one connection, where the endpoint allows as many (RFC 9113, 6.5.2)."""
STREAM_WINDOW: Final = 256 * 1024
"""Bytes of one answer that may wait here for its client."""
CONNECTION_WINDOW: Final = STREAMS_MAX * STREAM_WINDOW
"""Bytes of all of them: so many that clients which do not read cannot stop those that do."""
FRAME_BYTES: Final = 64 * 1024
"""Of a frame that we take. Each frame costs as much as many kilobytes do."""
_INITIAL_WINDOW: Final = 65_535
"""What every connection starts with (RFC 9113, 6.9.2)."""

_KINDS: Final = {
    int(ErrorCodes.PROTOCOL_ERROR): FailureKind.PROTOCOL,
    int(ErrorCodes.HTTP_1_1_REQUIRED): FailureKind.PROTOCOL,
    int(ErrorCodes.REFUSED_STREAM): FailureKind.OVERLOADED,
    int(ErrorCodes.ENHANCE_YOUR_CALM): FailureKind.OVERLOADED,
}


def new_connection() -> H2Connection:
    """Return a client's connection that has said all that it says unasked."""
    connection = H2Connection(
        H2Configuration(
            client_side=True,
            header_encoding=None,
            validate_inbound_headers=False,  # http2_head does, a stream at a time
            normalize_inbound_headers=False,
            validate_outbound_headers=False,  # forwarding has
            normalize_outbound_headers=False,
        )
    )
    connection.state_machine = Enduring()
    connection.local_settings = Settings(
        client=True,
        initial_values={
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            SettingCodes.MAX_FRAME_SIZE: FRAME_BYTES,
            SettingCodes.MAX_HEADER_LIST_SIZE: DEFAULT_LIMITS.head_bytes_max,
        },
    )
    connection.max_inbound_frame_size = FRAME_BYTES
    connection.decoder.max_header_list_size = DEFAULT_LIMITS.head_bytes_max
    connection.initiate_connection()
    connection.increment_flow_control_window(CONNECTION_WINDOW - _INITIAL_WINDOW)
    return connection


def failure_kind(code: int) -> FailureKind:
    """Return what it means that a stream was reset with `code`, before its answer's head."""
    return _KINDS.get(code, FailureKind.RESET)


def error_name(code: int) -> str:
    """Return the name of an error code (RFC 9113, 7), or its number where it has none."""
    return ErrorCodes(code).name if code in set(ErrorCodes) else str(code)
