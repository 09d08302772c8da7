"""HTTP/2 connections that outlast the other side's goodbye.

The library takes a GOAWAY for the end of the connection, and whatever comes behind it, in the
same packet already, for a breach of the protocol. But it is of new streams only: those that
were begun go on to their ends.

Source: RFC 9113, section 6.8.
"""

from h2.connection import ConnectionInputs, H2ConnectionStateMachine
from h2.events import Event


class Enduring(H2ConnectionStateMachine):
    """What a connection may still say and hear; a GOAWAY that is heard changes nothing of it."""

    def process_input(self, input_: ConnectionInputs) -> list[Event]:
        """Take one input in, and return what it means."""
        before = self.state
        events = super().process_input(input_)
        if input_ is ConnectionInputs.RECV_GOAWAY:
            self.state = before
        return events
