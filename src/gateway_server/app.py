"""The composition root: settings to policies to an ASGI application.

Starlette serves the gateway's own pages and runs the lifespan, whose nursery
owns every background task. Proxied traffic goes straight to the edge, past
Starlette's middleware and routing.

    app = Gateway()                      reads its settings when a server starts it
    app = Gateway(load(path, environ))   takes them now
"""

import os
import secrets
import sys
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import trio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway_core.caching import Store
from gateway_core.chance import SplitMix
from gateway_core.clock import SECOND
from gateway_core.errors import ConfigError
from gateway_core.exchange import Cache, Policies, failure_limit
from gateway_core.refusal import Refusal
from gateway_core.routing import Router
from gateway_core.upstream import Upstream

from .control import Control
from .downstream import Receive, Scope, Send
from .front import FrontSettings
from .front.contract import Conversation, Lane, LaneStream
from .gatekeeping import Gatekeeper
from .http_edge import HttpEdge
from .identity.presenting import PresentingClient
from .identity.sign_in import problem_response
from .page_edge import PageEdge
from .portal.pages import Portal
from .probing import HealthChecks
from .publishing import build_portal, publishing
from .relaying import Relays
from .settings import Settings, SettingsError, load
from .settings.build import build_forwarding, build_relays, build_routes, build_tls, build_upstreams
from .settings.caching import build_caching
from .settings.compositions import build_compositions
from .settings.compressions import build_compressions
from .settings.limits import build_borne_limits, build_limits
from .settings.pages import own_pages
from .settings.problem import Problem
from .settings.protection import build_probes
from .settings.report import counted, plain
from .settings.transformations import build_answer_changes, build_transformations
from .supervision import Supervisor
from .telemetry import AccessLog, configure_logs
from .timers import unix_time
from .upstream import Http1Client, Http2Client, UpstreamClient
from .websocket_edge import WebSocketEdge


class Gateway(Starlette):
    """The gateway as an ASGI application. See `front.contract.Served`."""

    def __init__(self, settings: Settings | None = None, log: AccessLog | None = None) -> None:
        super().__init__(routes=_PAGES, lifespan=_lifespan, exception_handlers={405: _not_allowed})
        self.draining = False
        self.supervisor: Supervisor | None = None
        self._settings = settings
        self._log = log
        self._control: Control | None = None
        self._edge: HttpEdge | None = None
        self._relays: Relays | None = None
        self._sockets: WebSocketEdge | None = None
        self._clients: dict[str, Http1Client | Http2Client] = {}
        self._gatekeeper: Gatekeeper | None = None
        self._health: HealthChecks | None = None
        self._own: frozenset[bytes] = frozenset()
        self._pages: PageEdge | None = None
        self._portal: Portal | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope (ASGI)."""
        kind = scope["type"]
        if kind == "http" and scope["raw_path"] not in self._own:
            assert self._edge is not None, "a server runs the lifespan first"
            await self._edge(scope, receive, send)
        elif kind == "websocket":
            assert self._sockets is not None, "a server runs the lifespan first"
            await self._sockets(scope, receive, send)
        elif kind == "http":
            assert self._pages is not None, "a server runs the lifespan first"
            await self._pages(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    # What the front asks of the application it serves.

    @property
    def front(self) -> FrontSettings:
        """How connections are to be served; known once prepared."""
        assert self._settings is not None, "prepare() comes first"
        return _front(self._settings)

    def prepare(self) -> None:
        """Read the settings if none were given, and build what they say.

        Prints every mistake and raises SystemExit(2): called before a server
        has started anything, so that no traceback hides them.
        """
        try:
            self.build()
        except SettingsError as error:
            sys.stderr.write(f"{plain(error.problems)}{counted(error.problems)}\n")
            raise SystemExit(2) from None
        configure_logs()

    def build(self) -> None:
        """Read the settings if none were given, and build what they say.

        Raises SettingsError.
        """
        if self._edge is not None:
            return
        settings = self._settings or load(None, os.environ)
        self._settings = settings
        self._log = self._log or AccessLog(settings.gateway.access_log)
        try:
            self._gatekeeper = gatekeeper = Gatekeeper(settings)
            policies = _policies(settings, gatekeeper)
            self._clients.update(_clients(settings, policies.upstreams))
            shown = _with_badges(self._clients, gatekeeper)
            self._health = _health(settings, policies, gatekeeper)
            sign_in = gatekeeper.sign_in(policies)
            asked = _apart(settings, policies, gatekeeper, publishing(settings))
        except ConfigError as error:
            problem = Problem("the configuration", error.problem, error.path)
            raise SettingsError((problem,)) from None
        self._own = frozenset(own_pages(settings, policies.router))
        if sign_in is not None:
            self.router.routes.append(Route("/token", sign_in.token, methods=["POST"]))
            self.router.routes.append(Route("/users/me", sign_in.me))
        if settings.portal.enabled:
            member = sign_in.guard if sign_in is not None else None
            self._portal = build_portal(settings, policies, asked, self._own, member)
            self.router.routes.extend(self._portal.routes)
        self._pages = PageEdge(super().__call__, policies.forwarding, self._log)
        inquirer = gatekeeper.inquirer
        self._relays = Relays(build_relays(settings), settings.gateway.drain_timeout)
        self._edge = HttpEdge(policies, shown, self._log, self._relays, inquirer)
        self._sockets = WebSocketEdge(policies, shown, self._log, self._relays, inquirer)
        if settings.gateway.control is not None:
            self._control = Control(
                settings.gateway.control, policies.cache, self._edge.shelf.settle
            )

    def own_paths(self, paths: Mapping[str, str]) -> dict[str, str]:
        """Return those of `paths` that are the gateway's own."""
        return {name: path for name, path in paths.items() if path.encode("ascii") in self._own}

    def refused(
        self,
        refusal: Refusal,
        *,
        peer: str,
        method: str,
        target: bytes,
        request_id: str,
        bytes_in: int,
        bytes_out: int,
    ) -> None:
        """Log what a connection refused before an exchange began."""
        assert self._log is not None
        self._log.refused(
            refusal,
            peer=peer,
            method=method,
            target=target,
            request_id=request_id,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
        )

    def drain_begun(self) -> None:
        """Say so in `/readyz` from now on."""
        self.draining = True
        if self._relays is not None:
            self._relays.drain()

    def begin(self, stream: LaneStream, lane: Lane, *, upgrade: bool) -> Conversation | None:
        """Take a request on past ASGI, unless it is for one of the gateway's own pages."""
        assert self._edge is not None
        if stream.head.target.partition(b"?")[0] in self._own:
            return None
        return self._edge.begin(stream, lane, upgrade=upgrade)

    def start_tasks(self, supervisor: Supervisor) -> None:
        """Start what goes on beside all requests."""
        assert self._log is not None
        assert self._sockets is not None
        supervisor.start("access log", self._log.run)
        supervisor.start("deadlines of WebSockets", self._sockets.start_timers().run)
        for name, client in self._clients.items():
            supervisor.start(f"connections of {name}", client.tend)
        assert self._gatekeeper is not None
        self._gatekeeper.start_tasks(supervisor)
        assert self._health is not None
        self._health.start(supervisor)
        if self._portal is not None:
            self._portal.start(supervisor)
        if self._control is not None:
            supervisor.start("control socket", self._control.run)

    def keep_bodies(self, nursery: trio.Nursery) -> None:
        """Let what is fetched for the cache outlive the request that asked for it."""
        assert self._edge is not None
        self._edge.shelf.open(nursery)

    async def close_clients(self) -> None:
        """Close every connection to every upstream."""
        for client in self._clients.values():
            await client.aclose()
        if self._gatekeeper is not None:
            await self._gatekeeper.aclose()
        if self._health is not None:
            await self._health.aclose()
        if self._portal is not None:
            await self._portal.aclose()


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    assert isinstance(app, Gateway)
    app.build()
    async with trio.open_nursery() as nursery:
        app.supervisor = Supervisor(nursery)
        app.start_tasks(app.supervisor)
        app.keep_bodies(nursery)
        try:
            yield
        finally:
            nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True), trio.move_on_after(1):
                await app.close_clients()


def _policies(settings: Settings, gatekeeper: Gatekeeper) -> Policies:
    limits = build_limits(settings)
    return Policies(
        Router(build_routes(settings)),
        build_upstreams(settings),
        build_forwarding(settings),
        limits=limits,
        borne_limits=build_borne_limits(settings, limits),
        body_timeout=settings.gateway.body_timeout,
        write_timeout=settings.gateway.write_timeout,
        compositions=build_compositions(settings),
        cache=Cache(Store(settings.gateway.cache_memory)),
        caching=build_caching(settings),
        doors=gatekeeper.doors,
        failures=failure_limit(settings.gateway.failed_credentials),
        dice=SplitMix(secrets.randbits(64)),
        compressions=build_compressions(settings),
        transformations=build_transformations(settings),
        answers=build_answer_changes(settings),
    )


def _with_badges(
    clients: Mapping[str, UpstreamClient], gatekeeper: Gatekeeper
) -> Mapping[str, UpstreamClient]:
    """Return the clients as exchanges use them: each shows what its upstream is to be shown."""
    badges = {name: gatekeeper.badge(name) for name in clients}
    return {
        name: client
        if (badge := badges[name]) is None
        else PresentingClient(client, badge, unix_time)
        for name, client in clients.items()
    }


def _clients(
    settings: Settings, upstreams: Mapping[str, Upstream]
) -> Mapping[str, Http1Client | Http2Client]:
    """Return a client for each upstream: of the very one, since endpoints are found by identity."""
    tls = build_tls(settings)
    h2 = {name for name, wanted in settings.upstreams.items() if wanted.protocol == "h2"}
    return {
        name: (Http2Client if name in h2 else Http1Client)(upstream, tls.get(name))
        for name, upstream in upstreams.items()
    }


def _health(settings: Settings, policies: Policies, gatekeeper: Gatekeeper) -> HealthChecks:
    rules = build_probes(settings)
    return HealthChecks(policies, rules, _apart(settings, policies, gatekeeper, rules))


def _apart(
    settings: Settings, policies: Policies, gatekeeper: Gatekeeper, names: Collection[str]
) -> Mapping[str, UpstreamClient]:
    """Return clients of these upstreams, each with a connection beside those of requests."""
    few = {
        name: replace(upstream, connections_max=1)
        for name, upstream in policies.upstreams.items()
        if name in names
    }
    return _with_badges(_clients(settings, few), gatekeeper)


def _front(settings: Settings) -> FrontSettings:
    gateway = settings.gateway
    return FrontSettings(
        drain_timeout=gateway.drain_timeout / SECOND,
        head_timeout=gateway.head_timeout / SECOND,
        write_timeout=gateway.write_timeout / SECOND,
        keep_alive_timeout=gateway.keep_alive_timeout / SECOND,
        max_head=gateway.max_head,
        max_fields=gateway.max_fields,
        max_target=gateway.max_target,
        h2c=gateway.h2c,
        own=gateway.protocol == "own",
        connections_max=gateway.connections_max,
    )


def _not_allowed(request: Request, error: Exception) -> Response:
    """Refuse a method as the core does; Starlette knows which are allowed."""
    assert isinstance(error, HTTPException)
    allow = (error.headers or {}).get("Allow", "").encode("ascii")
    detail = "This page does not serve this method; Allow names those that it does."
    return problem_response(
        Refusal(405, "method-not-allowed", detail, ((b"allow", allow),)), request
    )


def _running(request: Request) -> JSONResponse:
    """Say what this is, and where it says more."""
    app = request.app
    assert isinstance(app, Gateway)
    more = {"docs": "/docs", "openapi": "/openapi.json"}
    return JSONResponse({"message": "API Gateway is running"} | app.own_paths(more))


def _alive(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "alive"})


def _ready(request: Request) -> JSONResponse:
    """Whether to send traffic here; ailing tasks are shown, and do not stop it."""
    app = request.app
    assert isinstance(app, Gateway)
    ailing = dict(app.supervisor.ailing) if app.supervisor else {}
    status = "draining" if app.draining else "ready"
    return JSONResponse(
        {"status": status, "ailing": ailing}, status_code=503 if app.draining else 200
    )


_PAGES = [Route("/", _running), Route("/livez", _alive), Route("/readyz", _ready)]
