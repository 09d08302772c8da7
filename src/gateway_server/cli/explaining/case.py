"""One request, as far as it can be told what becomes of it without sending it."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from gateway_core.exchange import Policies
from gateway_core.forwarding import Client, find_client
from gateway_core.message import Fields, RequestHead, value
from gateway_core.routing import Answer, Match, Router

from ...settings import Settings
from ...settings.build import build_forwarding, build_routes, build_upstreams
from ...settings.compositions import build_compositions
from ...settings.limits import build_limits
from ...settings.pages import own_pages
from ...settings.schema import RouteSettings

LOCALHOST = "localhost"


class Question(NamedTuple):
    """What the operator asks about."""

    method: str
    url: str
    """Absolute, or a path."""
    headers: tuple[str, ...] = ()
    """As `Name: value`."""
    peer: str = "127.0.0.1"

    @property
    def head(self) -> RequestHead:
        """The request. Raises ValueError, in words for the operator, where it is none."""
        scheme, authority, target = _split(self.url)
        fields = tuple(_field(line) for line in self.headers)
        hosts = [value for name, value in fields if name == b"host"]
        if hosts:
            authority = hosts[0].decode("latin-1")
        else:
            fields = ((b"host", authority.encode("ascii")), *fields)
        return RequestHead(
            self.method,
            target.encode("ascii"),
            authority.encode("latin-1"),
            fields,
            self.peer,
            scheme,
            body=_length(fields),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """The request, and what was decided before it goes anywhere."""

    settings: Settings
    policies: Policies
    head: RequestHead
    client: Client
    answer: Answer
    """The router's."""
    is_own_page: bool
    """Whether the gateway answers itself, whatever the router says."""
    is_handshake: bool
    """Whether it asks for a WebSocket, by the URL's scheme or by its fields."""

    @property
    def match(self) -> Match | None:
        """The route that serves; None where none does."""
        return self.answer if isinstance(self.answer, Match) and not self.is_own_page else None

    @property
    def place(self) -> int:
        """Where in the file the route that serves stands; there must be one."""
        assert self.match is not None
        return self.policies.router.routes.index(self.match.route)

    @property
    def wanted(self) -> RouteSettings:
        """The route that serves, as it was written."""
        return self.settings.routes[self.place]

    @property
    def upstreams(self) -> tuple[str, ...]:
        """The names of the upstreams that are asked: one, or those of a composition's parts."""
        if (composed := self.wanted.compose) is not None:
            return tuple(dict.fromkeys(part.upstream for part in composed.parts.values()))
        assert self.wanted.upstream is not None
        return (self.wanted.upstream,)


def take_up(question: Question, settings: Settings) -> Case:
    """Decide as much as the gateway decides at once. Raises ValueError where it is no request."""
    head = question.head
    policies = Policies(
        Router(build_routes(settings)),
        build_upstreams(settings),
        build_forwarding(settings),
        limits=build_limits(settings),
        compositions=build_compositions(settings),
    )
    router = policies.router
    is_own = head.target.partition(b"?")[0] in own_pages(settings, router)
    client = find_client(head, policies.forwarding)
    asks = question.url.lower().startswith(("ws:", "wss:"))
    asks = asks or (value(head.fields, b"upgrade") or b"").lower() == b"websocket"
    return Case(settings, policies, head, client, router.match(head), is_own, asks)


def _split(url: str) -> tuple[str, str, str]:
    """Return scheme, authority and target. What clients never send is left out: the fragment."""
    asked = "".join(char if char.isascii() else quote(char) for char in url.partition("#")[0])
    scheme, mark, rest = asked.partition("://")
    if not mark:
        if not asked.startswith(("/", "*")):
            raise ValueError("is no URL: write http://host/path, or a path alone, /path")
        return "http", LOCALHOST, asked
    if scheme.lower() not in {"http", "https", "ws", "wss"}:
        raise ValueError("has another scheme than http, https, ws or wss")
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    target = rest[end:] if rest[end:].startswith("/") else f"/{rest[end:]}"
    return "https" if scheme.lower() in {"https", "wss"} else "http", rest[:end], target


def _field(line: str) -> tuple[bytes, bytes]:
    name, mark, value = line.partition(":")
    if not mark or not name.strip():
        raise ValueError("a header is a name, a colon and a value: 'X-Team: a'")
    return name.strip().lower().encode("utf-8"), value.strip().encode("utf-8")


def _length(fields: Fields) -> int:
    """Return the bytes that Content-Length says are to come."""
    said = [value for name, value in fields if name == b"content-length"]
    return int(said[0]) if said and said[0].isdigit() else 0
