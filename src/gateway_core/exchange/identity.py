"""The stage at which a request's caller is named, or the request ends.

    a guard's verdict --+-- known at once: a key, a token that was verified before
                        +-- to be asked outside: VerifyToken, AskAuthority
                               -> TokenVerified, TokenRefused,
                                  CallerNamed, CallerDenied, IdentityUnavailable

Failures are counted against the client: while it has failed too often nothing of it is
looked at, a right credential neither, since an answer that told right from wrong would let
it go on guessing.
"""

from typing import Final, NamedTuple, assert_never

from ..clock import SECOND, Duration, Instant, UnixTime
from ..identifying import UNAVAILABLE, Guard, Proven, Rejected, Unproven, Unvouched
from ..identifying.tokens import Object
from ..limiting import Limiter, PerKey, Rate, SlidingWindow, WhenFull, whole_seconds
from ..limiting.keys import site
from ..message import Fields, RequestHead
from ..refusal import Refusal
from .commands import (
    AskAuthority,
    VerifyToken,
)
from .record import Record
from .vocabulary import (
    CallerDenied,
    CallerNamed,
    IdentityTold,
    IdentityUnavailable,
    TokenRefused,
    TokenVerified,
)

FAILURES: Final = Rate(20, Duration(60 * SECOND))
"""Twenty a minute: a person or a broken script gets there in a while, a guesser at once."""
FAILING_CLIENTS_MAX: Final = 10_000
"""Clients whose failures are remembered, a worker; the one that failed longest ago goes."""

IDENTITY_TIMEOUT: Final = Duration(5 * SECOND)
"""Until it must be known who asks: an authority's answer, or an issuer's keys; 503 beyond."""


def failure_limit(rate: Rate = FAILURES) -> Limiter:
    """Return what counts failed credentials, by the client's address."""
    return PerKey(SlidingWindow(rate), FAILING_CLIENTS_MAX, WhenFull.FORGET)


class Asking(NamedTuple):
    """A request whose caller is to be named."""

    guard: Guard
    client: str
    """Its address, by which failures are counted: of IPv6, the site's."""
    target: bytes
    """What its upstream is to be asked for."""


class Identity(NamedTuple):
    """A caller that may go on, and how that changes what its upstream is asked."""

    consumer: str
    scopes: frozenset[str]
    fields: Fields
    """What the upstream is told of the caller."""
    drops: frozenset[bytes]
    """Names of fields that end here."""
    target: bytes
    """What is asked for, without a credential in its query."""
    limits: tuple[str, ...] = ()
    """Names of limits that the credential bears, beside those of the route."""
    claims: Object | None = None
    """What their token says of them."""


class Doubt(NamedTuple):
    """A caller who must be asked about outside first, by `command`."""

    asking: Asking
    question: Unproven | Unvouched
    command: VerifyToken | AskAuthority


def asking(guard: Guard, address: str, target: bytes) -> Asking:
    """Return the question who sends a request from `address` for `target`."""
    return Asking(guard, site(address), target)


def identify(
    asked: Asking,
    head: RequestHead,
    failures: Limiter,
    record: Record,
    *,
    wall: UnixTime,
    now: Instant,
) -> Identity | Doubt | Refusal:
    """Return who sends `head`, or what must be asked first, or why it goes no further."""
    verdict = failures.judge(asked.client, now)
    if not verdict.admitted:
        return too_many_failures(verdict.wait)
    found = asked.guard.identify(head, wall)
    if isinstance(found, Unproven):
        return Doubt(asked, found, VerifyToken(found.scheme.name, found.token))
    if isinstance(found, Unvouched):
        return Doubt(asked, found, AskAuthority(found.scheme.name, head))
    return _settled(asked, found, failures, record, now)


def settle(
    doubt: Doubt, told: IdentityTold, failures: Limiter, record: Record, now: Instant
) -> Identity | Refusal:
    """Take in what was found out outside."""
    return _settled(doubt.asking, _outcome(doubt, told), failures, record, now)


def too_many_failures(wait: Duration) -> Refusal:
    """Return the answer to a client that was wrong too often."""
    seconds = whole_seconds(wait)
    detail = f"Too many credentials from your address were wrong. Try again in {seconds} s."
    return Refusal(429, "too-many-failures", detail, ((b"retry-after", b"%d" % seconds),))


def _outcome(doubt: Doubt, told: IdentityTold) -> Proven | Rejected:
    guard, question = doubt.asking.guard, doubt.question
    match told:
        case TokenVerified():
            assert isinstance(question, Unproven)
            return guard.verified(question)
        case TokenRefused():
            return guard.refuted(told.note)
        case CallerNamed():
            assert isinstance(question, Unvouched)
            return guard.vouched(question.scheme, told.name, told.scopes)
        case CallerDenied():
            return guard.denied(told.status, told.challenges)
        case IdentityUnavailable():
            return Rejected(UNAVAILABLE, told.note, counts=False)
        case _:
            assert_never(told)


def _settled(
    asked: Asking, found: Proven | Rejected, failures: Limiter, record: Record, now: Instant
) -> Identity | Refusal:
    if isinstance(found, Rejected):
        record.identity = found.note
        # Of many that were asked about at once, as many are counted as there is room for.
        if found.counts and failures.judge(asked.client, now).admitted:
            failures.take(asked.client, now)
        return found.refusal
    guard, caller = asked.guard, found.caller
    record.consumer, record.identity = caller.id, found.scheme
    return Identity(
        caller.id,
        caller.scopes,
        caller.fields,
        guard.drops(found),
        guard.target(found, asked.target),
        caller.limits,
        caller.claims,
    )
