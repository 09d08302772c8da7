"""`POST /token` and `GET /users/me`: OAuth2's password grant, for users of this gateway.

    form: grant_type=password, username, password, scope    -> a bearer token, a JWT
    Authorization: Bearer ...                                -> who that token is about

OAuth 2.1 drops this grant: a page that asks for passwords must be one's own. For first-party
clients of a small house it is enough; else use an issuer, and `kind = "jwt"`.

Source: RFC 6749, sections 4.3 and 5; RFC 6750, section 3.
"""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

import structlog
import trio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway_core.clock import UnixTime
from gateway_core.exchange import Record
from gateway_core.exchange.identity import Doubt, Identity, asking, identify, settle
from gateway_core.identifying import Caller, Guard
from gateway_core.limiting import Limiter
from gateway_core.message import RequestHead
from gateway_core.refusal import Refusal, refused
from gateway_core.signing_in import SignInLimits

from ..telemetry.pages import record_in
from ..timers import now, unix_time
from .contract import Inquirer
from .passwords import Users
from .signatures import sign

FORM_BYTES_MAX: Final = 16 * 1024
"""Of a sign-in: a name, a password and scopes."""
FORM_FIELDS_MAX: Final = 20
FORM_TIMEOUT_SECONDS: Final = 10.0

_FORM: Final = "application/x-www-form-urlencoded"
_NOT_KEPT: Final = {"cache-control": "no-store", "pragma": "no-cache"}
"""RFC 6749, 5.1."""
_TOO_LARGE: Final = Refusal(413, "body-too-large", "The form is too large.", close=True)
_TOO_SLOW: Final = Refusal(408, "client-body-timeout", "The form stopped coming.", close=True)

_log = structlog.get_logger("gateway.identity")


@dataclass(frozen=True, slots=True)
class TokenMaker:
    """What the gateway's own tokens say, and how long they hold."""

    secret: bytes = field(repr=False)
    issuer: str
    audience: str
    lifetime_seconds: int

    def make(self, caller: Caller, wall: UnixTime) -> str:
        """Return a token about `caller`."""
        claims: Mapping[str, object] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": caller.id,
            "scope": " ".join(sorted(caller.scopes)),
            "iat": wall,
            "exp": wall + self.lifetime_seconds,
        }
        return sign(claims, self.secret).decode("ascii")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may read the page about oneself: whoever has a token, like everywhere."""

    guard: Guard
    inquirer: Inquirer
    failures: Limiter

    async def named(self, head: RequestHead, address: str, record: Record) -> Identity | Refusal:
        """Return who sends `head`, by the same stage that requests pass."""
        asked = asking(self.guard, address, head.target)
        found = identify(asked, head, self.failures, record, wall=unix_time(), now=now())
        if isinstance(found, Doubt):
            told = await self.inquirer.ask(found.command)
            return settle(found, told, self.failures, record, now())
        return found


class SignIn:
    """The two pages."""

    def __init__(
        self,
        users: Users,
        maker: TokenMaker,
        access: Access,
        head: Callable[[Request], RequestHead],
        address: Callable[[RequestHead], str],
    ) -> None:
        """`head` reads a request's, `address` tells the client's, as trusted proxies say."""
        self._users = users
        self._maker = maker
        self._access = access
        self._limits = SignInLimits()
        self._head = head
        self._address = address

    @property
    def guard(self) -> Guard:
        """What `me` asks."""
        return self._access.guard

    async def token(self, request: Request) -> Response:
        """Answer `POST /token`."""
        form = await _form(request)
        if isinstance(form, Refusal):
            return problem_response(form, request)
        if form is None:
            return _error("invalid_request", "Send a form with grant_type, username and password.")
        if form.get("grant_type", "password") != "password":
            return _error("unsupported_grant_type", "The only grant_type is password.")
        name, password = form.get("username", ""), form.get("password", "")
        address = self._address(self._head(request))
        if refusal := self._limits.attempt(address, name, now()):
            return problem_response(refusal, request)
        caller = await self._users.check(name, password)
        _log.info("sign-in", client=address, succeeded=caller is not None)
        record = record_in(request.scope)
        record.identity = "password" if caller is not None else "password-wrong"
        if caller is None:
            return _error("invalid_grant", "The name or the password is wrong.")
        record.consumer = caller.id
        asked = frozenset(form.get("scope", "").split())
        if not asked <= caller.scopes:
            return _error("invalid_scope", "Not all of these scopes are yours.")
        granted = Caller(caller.id, asked or caller.scopes)
        return JSONResponse(
            {
                "access_token": self._maker.make(granted, unix_time()),
                "token_type": "bearer",
                "expires_in": self._maker.lifetime_seconds,
                "scope": " ".join(sorted(granted.scopes)),
            },
            headers=_NOT_KEPT,
        )

    async def me(self, request: Request) -> Response:
        """Answer `GET /users/me`."""
        head = self._head(request)
        named = await self._access.named(head, self._address(head), record_in(request.scope))
        if isinstance(named, Refusal):
            return problem_response(named, request)
        scopes = sorted(named.scopes)
        return JSONResponse({"name": named.consumer, "scopes": scopes}, headers=_NOT_KEPT)


def problem_response(refusal: Refusal, request: Request) -> Response:
    """Return a refusal of the core as Starlette's response."""
    record = record_in(request.scope)
    record.reason = refusal.reason
    head, body = refused(refusal, record.request_id, request.method)
    response = Response(body, head.status)
    response.raw_headers = list(head.fields)
    return response


def _error(error: str, description: str) -> Response:
    """RFC 6749, 5.2: all of these are 400."""
    return JSONResponse(
        {"error": error, "error_description": description}, status_code=400, headers=_NOT_KEPT
    )


async def _form(request: Request) -> Mapping[str, str] | Refusal | None:
    """Return the fields of the form; None where it is none, or has one twice (RFC 6749, 3.2)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return None
    body = b""
    with trio.move_on_after(FORM_TIMEOUT_SECONDS) as scope:
        async with aclosing(request.stream()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > FORM_BYTES_MAX:
                    return _TOO_LARGE
    if scope.cancelled_caught:
        return _TOO_SLOW
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX
        )
    except ValueError:
        return None
    form = dict(pairs)
    return form if len(form) == len(pairs) else None
