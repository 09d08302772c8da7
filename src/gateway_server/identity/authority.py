"""A service of the operator's that is asked whose a request is (`kind = "forward"`).

It is shown the fields that the configuration names, and what the request is for; of its
answer the status counts, and two fields.
"""

from dataclasses import dataclass
from typing import Final

import httpx
import trio

from gateway_core.exchange import (
    AskAuthority,
    CallerDenied,
    CallerNamed,
    IdentityTold,
    IdentityUnavailable,
)
from gateway_core.message import Fields

from .asking import asked

CHALLENGES_MAX: Final = 8
"""Challenges of its answer that are passed on."""


@dataclass(frozen=True, slots=True)
class Question:
    """How the service is asked."""

    url: str
    headers: frozenset[bytes]
    """Lower-case names of the request's fields that it is shown."""
    name_header: str
    scopes_header: str
    timeout_seconds: float


class AuthorityClient:
    """Asks one service."""

    def __init__(self, question: Question, transport: httpx.AsyncBaseTransport) -> None:
        self._question = question
        self._transport = transport

    async def ask(self, command: AskAuthority) -> IdentityTold:
        """See `contract.Inquirer.ask`."""
        question, head = self._question, command.head
        fields = [line for line in head.fields if line[0] in question.headers]
        fields += [
            (b"x-forwarded-method", head.method.encode("latin-1")),
            (b"x-forwarded-host", head.authority),
            (b"x-forwarded-uri", head.target),
        ]
        with trio.move_on_after(question.timeout_seconds):
            try:
                # Its body is never read: the status and two fields tell it all.
                async with asked(self._transport, question.url, fields) as answer:
                    return self._heard(answer)
            except httpx.HTTPError as error:
                return IdentityUnavailable(f"authority-failed: {type(error).__name__}")
        return IdentityUnavailable("authority-timeout")

    def _heard(self, answer: httpx.Response) -> IdentityTold:
        question = self._question
        if answer.status_code in (401, 403):
            challenges: Fields = tuple(
                (b"www-authenticate", value)
                for name, value in answer.headers.raw
                if name.lower() == b"www-authenticate"
            )
            return CallerDenied(answer.status_code, challenges[:CHALLENGES_MAX])
        if not answer.is_success:
            return IdentityUnavailable(f"authority-status: {answer.status_code}")
        name = answer.headers.get(question.name_header, "")
        scopes = answer.headers.get(question.scopes_header, "").split()
        return CallerNamed(name, tuple(scopes))
