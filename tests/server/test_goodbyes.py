"""A goodbye ends no stream that was begun (RFC 9113, 6.8)."""

import h2.config
import h2.connection
import h2.events
import pytest
from h2.exceptions import ProtocolError

from gateway_server.goodbyes import Enduring

GOODBYE = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0"
DATA = b"\0\0\x02\0\x01\0\0\0\x01ok"


def serving(*, enduring: bool) -> h2.connection.H2Connection:
    """A server's connection with one request on its way, whose body is to come."""
    client = h2.connection.H2Connection(h2.config.H2Configuration())
    client.initiate_connection()
    fields = [(":method", "PUT"), (":scheme", "http"), (":authority", "a"), (":path", "/")]
    client.send_headers(1, fields)
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    if enduring:
        server.state_machine = Enduring()
    server.initiate_connection()
    server.receive_data(client.data_to_send())
    server.data_to_send()
    return server


def test_what_comes_behind_a_goodbye_is_heard_and_answered() -> None:
    server = serving(enduring=True)
    events = server.receive_data(GOODBYE + DATA)
    kinds = [type(event) for event in events]
    assert kinds == [
        h2.events.ConnectionTerminated,
        h2.events.DataReceived,
        h2.events.StreamEnded,
    ]
    server.send_headers(1, [(":status", "200")], end_stream=True)
    assert server.data_to_send()


def test_the_library_by_itself_would_end_it() -> None:
    """If it does no more, we need not either."""
    with pytest.raises(ProtocolError):
        serving(enduring=False).receive_data(GOODBYE + DATA)


def test_what_is_wrong_stays_wrong() -> None:
    server = serving(enduring=True)
    with pytest.raises(ProtocolError):
        server.receive_data(b"\0\0\1\0\0\0\0\0\0x")
