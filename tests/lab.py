"""A gateway with a cache, without I/O: exchanges in virtual time, before an origin that is a function.

lab = Lab(CachePolicy(ttl=30))
lab.origin = says(200, b"hello", cache_control=b"max-age=60")
first = lab.get()                    asked, answered and read at once
waiting = lab.ask()                  a client that is still there
lab.answer(waiting) / .fail / .leave
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gateway_core.caching import BodyId, CachePolicy
from gateway_core.clock import SECOND, Instant, UnixTime
from gateway_core.coalescing import FlightId
from gateway_core.composing import Flaw, read_document
from gateway_core.errors import FailureKind
from gateway_core.exchange import (
    AwaitFlight,
    BodyEnded,
    Cache,
    CallUpstream,
    ClientLeft,
    Command,
    Cut,
    DocumentRead,
    Event,
    Exchange,
    FlightLanded,
    KeepBody,
    Policies,
    ReadDocument,
    Refresh,
    RefreshStarted,
    RequestArrived,
    Respond,
    SendStored,
    StreamBody,
    UpstreamAnswered,
    UpstreamFailed,
)
from gateway_core.machine import Tick
from gateway_core.message import UNKNOWN, Fields, RequestHead, ResponseHead, UpstreamRequest, value
from gateway_core.routing import Pattern, Route, Router
from gateway_core.upstream import Upstream
from tests.exchanges import UPSTREAM

EPOCH = 1_795_856_400
"""2026-11-28T09:00:00Z: the wall's time when the lab's is 0."""
HOST = (b"host", b"gw.example")


@dataclass(frozen=True)
class Said:
    """What the origin answers."""

    status: int = 200
    body: bytes = b"body"
    fields: Fields = ()
    sized: bool = True


Origin = Callable[[UpstreamRequest], Said | FailureKind]


def says(
    status: int = 200, body: bytes = b"body", *, sized: bool = True, **fields: bytes
) -> Origin:
    lines = tuple((name.replace("_", "-").encode(), told) for name, told in fields.items())
    return lambda _request: Said(status, body, lines, sized)


def refuses(_request: UpstreamRequest) -> FailureKind:
    return FailureKind.REFUSED


@dataclass
class Visit:
    """One client's request, and what it got."""

    lab: "Lab"
    exchange: Exchange
    asked: UpstreamRequest | None = None
    """What the origin is asked, while it is."""
    waits_for: FlightId | None = None
    said: Said | None = None
    head: ResponseHead | None = None
    body: bytes = b""
    cut: bool = False
    endpoint_calls: int = 0
    after: list["Visit"] = field(default_factory=list)
    """The exchanges of the background that it began."""

    @property
    def status(self) -> int:
        assert self.head is not None, "not answered yet"
        return self.head.status

    @property
    def x_cache(self) -> str:
        return (self.field(b"x-cache") or b"").decode()

    @property
    def cache_status(self) -> str:
        return (self.field(b"cache-status") or b"").decode()

    def field(self, name: bytes) -> bytes | None:
        assert self.head is not None, "not answered yet"
        return value(self.head.fields, name)

    def tell(self, event: Event) -> None:
        self.lab.perform(self, self.exchange.receive(event, self.lab.now))
        self.lab.settle()


class Lab:
    def __init__(
        self, policy: CachePolicy = CachePolicy(), upstream: Upstream = UPSTREAM, **changes: Any
    ) -> None:
        self.now = Instant(0)
        self.wall = EPOCH
        self.origin: Origin = says()
        self.requests: list[UpstreamRequest] = []
        """All that the origin was asked."""
        self.cache = Cache()
        self.bodies: dict[BodyId, bytes] = {}
        self.visits: list[Visit] = []
        route = Route("r", Pattern.prefix("/"), "service-a")
        self.policies = Policies(
            Router((route,)),
            {"service-a": upstream},
            cache=self.cache,
            caching={"r": policy},
            **changes,
        )

    def wait(self, seconds: float) -> None:
        self.now = Instant(self.now + round(seconds * SECOND))
        self.wall = EPOCH + self.now // SECOND

    def get(self, target: bytes = b"/", *, method: str = "GET", **fields: bytes) -> Visit:
        """Ask, and let the origin answer at once; so it does whatever goes on in the background."""
        visit = self.ask(target, method=method, **fields)
        self.answer(visit)
        for other in visit.after:
            self.answer(other)
        return visit

    def ask(
        self, target: bytes = b"/", *, method: str = "GET", body: int = 0, **fields: bytes
    ) -> Visit:
        lines = tuple((name.replace("_", "-").encode(), told) for name, told in fields.items())
        head = RequestHead(method, target, HOST[1], (HOST, *lines), "192.0.2.1", body=body)
        visit = self.visit()
        visit.tell(RequestArrived(head, "id"))
        return visit

    def visit(self, policies: Policies | None = None) -> Visit:
        visit = Visit(self, Exchange(policies or self.policies))
        self.visits.append(visit)
        return visit

    def answer(self, visit: Visit, origin: Origin | None = None) -> None:
        """Let the origin answer what it was asked, until it is asked no more."""
        while visit.asked is not None:
            request, visit.asked = visit.asked, None
            said = (origin or self.origin)(request)
            if isinstance(said, FailureKind):
                visit.tell(UpstreamFailed(said))
                continue
            fields = said.fields
            if said.sized and said.status not in {204, 304}:
                fields = ((b"content-length", b"%d" % len(said.body)), *fields)
            size = 0 if said.status == 304 else len(said.body) if said.sized else UNKNOWN
            visit.said = said
            at = UnixTime(self.wall)
            visit.tell(UpstreamAnswered(ResponseHead(said.status, fields, size), at, at))

    def leave(self, visit: Visit) -> None:
        visit.asked = visit.waits_for = None
        visit.tell(ClientLeft())

    def tick(self, visit: Visit) -> None:
        visit.tell(Tick())

    def perform(self, visit: Visit, commands: "list[Command]") -> None:
        for command in commands:
            self._perform(visit, command)

    def _perform(self, visit: Visit, command: Command) -> None:
        match command:
            case CallUpstream():
                self.requests.append(command.request)
                visit.asked = command.request
                visit.waits_for = None
                visit.endpoint_calls += 1
            case AwaitFlight():
                visit.waits_for = command.flight
            case KeepBody():
                assert visit.said is not None
                self.bodies[command.body] = visit.said.body
                self.cache.store.complete(command.body, len(visit.said.body))
            case SendStored():
                whole = self.bodies[command.body]
                end = len(whole) if command.end == UNKNOWN else command.end
                self._answered(visit, command.head, whole[command.start : end])
                visit.tell(BodyEnded())
            case StreamBody():
                assert visit.said is not None
                self._answered(visit, command.head, visit.said.body)
                visit.tell(BodyEnded())
            case ReadDocument():
                body = visit.said.body if command.stored is None else self.bodies[command.stored]
                content = read_document(body) if len(body) <= command.bytes_max else Flaw.TOO_LARGE
                visit.tell(DocumentRead(content, len(body)))
            case Respond():
                self._answered(visit, command.head, command.body)
            case Refresh():
                assert isinstance(command.exchange, Exchange)
                other = Visit(self, command.exchange)
                self.visits.append(other)
                visit.after.append(other)
                other.tell(RefreshStarted())
            case Cut():
                visit.cut = True
            case _:
                raise AssertionError(command)

    def _answered(self, visit: Visit, head: ResponseHead, body: bytes) -> None:
        assert visit.head is None, "answered twice"
        visit.head, visit.body = head, body

    def settle(self) -> None:
        """Forget bodies, and wake who waits, as the shelf does."""
        while self.cache.has_let_go:
            bodies, flights = self.cache.let_go()
            for body in bodies:
                self.bodies.pop(body, None)
            for visit in self.visits:
                if visit.waits_for in flights:
                    visit.waits_for = None
                    visit.tell(FlightLanded())


def aged(said: Origin, seconds: int) -> Origin:
    """The same, but as old as that."""

    def origin(request: UpstreamRequest) -> Said | FailureKind:
        made = said(request)
        assert isinstance(made, Said)
        return replace(made, fields=(*made.fields, (b"age", b"%d" % seconds)))

    return origin
