"""Where an exchange is, on whom it waits, and what it means if that takes too long.

waiting for                      at most              then
a connection, its turn           connect_timeout      503 (turn), 504 (connection)
the client's next bytes          body_timeout         408
the upstream to take them        idle_timeout         504
the answer's head                response_timeout     504; anew with each interim answer
a try, from its beginning        per_try_timeout      another try, else 504
the next try                     its back-off         it begins
the answer's next bytes          idle_timeout         cut
the client to take them          write_timeout        cut
another's fetch of the same      what one may take    an own one
"""

import enum
from dataclasses import dataclass, field
from typing import Final

from ..clock import NEVER, Duration, Instant, after
from ..errors import FailureKind
from .phases import MOVES, Phase
from .policies import Policies
from .vocabulary import Stage


class Wait(enum.Enum):
    """On whom a transfer waits; the value is the reason if it waits too long."""

    CLIENT_BODY = "client-body-timeout"
    UPSTREAM_WRITE = "upstream-write-timeout"
    UPSTREAM_BODY = "upstream-idle-timeout"
    CLIENT_READ = "client-write-timeout"


CALL_TIMEOUT: Final = {
    Stage.QUEUED: FailureKind.OVERLOADED,
    Stage.CONNECTING: FailureKind.CONNECT_TIMEOUT,
    Stage.SENDING: FailureKind.RESPONSE_TIMEOUT,
    Stage.SENT: FailureKind.RESPONSE_TIMEOUT,
}
"""How a call failed that took too long, by how far it was."""


# An enumeration's member costs several times what a name of the module does.
_CALLING: Final = Phase.CALLING
_TAKING: Final = Phase.TAKING
_CLIENT_BODY: Final = Wait.CLIENT_BODY
_CLIENT_READ: Final = Wait.CLIENT_READ


@dataclass(slots=True)
class Waits:
    """Where an exchange is, and its waits, each with its own end.

    `Exchange` is one rather than having one: its deadline is read after every event.
    """

    phase: Phase = field(default=Phase.ROUTING, init=False)
    deadline: Instant = field(default=NEVER, init=False)
    """When to say Tick: the nearest of the three below."""
    _stage: Stage = field(default=Stage.CONNECTING, init=False)
    _call_deadline: Instant = field(default=NEVER, init=False)
    _older_deadline: Instant = field(default=NEVER, init=False)
    """Of the older of two calls, while the younger one's counts."""
    _upload: Wait = field(default=Wait.CLIENT_BODY, init=False)
    _upload_deadline: Instant = field(default=NEVER, init=False)
    _download: Wait = field(default=Wait.UPSTREAM_BODY, init=False)
    _download_deadline: Instant = field(default=NEVER, init=False)

    def _wait_until(self, end: Instant) -> None:
        """Wait for one thing alone, until `end`."""
        self._upload_deadline = self._download_deadline = NEVER
        self.deadline = self._call_deadline = end

    def _wait_upload(self, wait: Wait, now: Instant, policies: Policies, idle: Duration) -> None:
        """Wait for one end or the other of the request's body.

        Once answered, whether the rest is sent is between client and upstream.
        """
        if self.phase is _CALLING or self.phase is _TAKING:
            most = policies.body_timeout if wait is _CLIENT_BODY else idle
            self._upload, self._upload_deadline = wait, after(now, most)
            self._choose_deadline()

    def _wait_download(self, wait: Wait, now: Instant, policies: Policies, idle: Duration) -> None:
        """Wait for one end or the other of an answer. Once it streams, no other wait is bounded."""
        most = policies.write_timeout if wait is _CLIENT_READ else idle
        self._download = wait
        self.deadline = self._download_deadline = after(now, most)

    def _choose_deadline(self) -> None:
        self.deadline = min(self._call_deadline, self._upload_deadline, self._download_deadline)

    def _move_to(self, phase: Phase) -> None:
        assert (self.phase, phase) in MOVES, (self.phase, phase)
        self.phase = phase
