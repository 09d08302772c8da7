"""What `gateway demo` shows once everything listens: addresses, and lines to try."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from gateway_core.routing import Router

    from ..settings import Settings

Piece: TypeAlias = tuple[str, str]
"""Text, and its style in rich's words; "" for none."""


class Line(NamedTuple):
    """A request to try. It is shown where a route or the gateway itself answers it."""

    about: str
    method: str
    path: str
    command: str = "curl {url}"


LINES: Final = (
    Line("an item of service A", "GET", "/service-a/items/1"),
    Line("its users", "GET", "/service-a/users"),
    Line("what a request becomes", "POST", "/service-a/echo", "curl -d hello {url}"),
    Line("events, one by one", "GET", "/service-a/events", "curl -N {url}"),
    Line("a room to chat in, twice", "GET", "/service-b/chat", "xdg-open {url}"),
    Line("a product", "GET", "/products/1"),
    Line("its price", "GET", "/prices/1"),
    Line("a file, streamed to disk", "PUT", "/uploads/a.txt", "echo hello | curl -T - {url}"),
    Line("the files that came", "GET", "/uploads"),
    Line("401, without a key", "GET", "/users", "curl -i {url}"),
    Line("a user, with one", "GET", "/users/1", "curl -H 'X-API-Key: my-secret-key' {url}"),
    Line("orders, likewise", "GET", "/orders", "curl -H 'X-API-Key: my-secret-key' {url}"),
    Line("sign in", "POST", "/token", "curl -d 'username=demo&password=demo' {url}"),
    Line("what there is to call", "GET", "/docs", "xdg-open {url}"),
)
_WIDTH: Final = 78
_ABOUT_WIDTH: Final = max(len(line.about) for line in LINES)

_REACHED: Final = {"0.0.0.0:": "127.0.0.1:", "[::]:": "[::1]:"}
"""By what a client on this machine reaches a socket that listens everywhere."""


@dataclass(frozen=True, slots=True)
class Programme:
    """The demonstration's announcement."""

    configuration: str
    settings: "Settings"
    address: str
    """Of the gateway, as a Listener tells it."""
    services: Sequence[str]

    def show(self) -> None:
        """Write it to stdout: in colours on a terminal, else as plain text."""
        if not sys.stdout.isatty():
            sys.stdout.write("".join(text for text, _ in self.pieces()))
            sys.stdout.flush()
            return
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False)
        console.print(Text.assemble(*self.pieces()), end="", soft_wrap=True)

    def pieces(self) -> Iterator[Piece]:
        """Yield the whole text."""
        yield "\nThe gateway listens at ", ""
        yield self._url("") if not self._unix else self.address, "bold green"
        yield f" and serves {self.configuration}.\n", ""
        if self.services:
            yield fill(f"Behind it: {', '.join(self.services)}.", _WIDTH) + "\n", ""
        else:
            yield "The services are left out: what has nobody behind it answers 502.\n", ""
        yield "\nTry, in another terminal:\n\n", ""
        for line in self._lines():
            yield f"  {line.about:<{_ABOUT_WIDTH}}  ", "dim"
            yield f"{self._command(line)}\n", "cyan"
        yield "\nRequests show below. Ctrl-C ends everything.\n\n", ""

    def _lines(self) -> Iterator[Line]:
        from gateway_core.routing import Router

        from ..settings.build import build_routes
        from ..settings.pages import own_pages

        router = Router(build_routes(self.settings))
        pages = own_pages(self.settings, router)
        return (line for line in LINES if line.path.encode() in pages or _is_routed(router, line))

    def _command(self, line: Line) -> str:
        command = line.command.format(url=self._url(line.path))
        if self._unix:
            return command.replace("curl", f"curl --unix-socket {self.address[5:]}")
        return command

    def _url(self, path: str) -> str:
        scheme = "http" if self.settings.gateway.tls is None else "https"
        address = "localhost" if self._unix else self.address
        for everywhere, here in _REACHED.items():
            if address.startswith(everywhere):
                address = address.replace(everywhere, here, 1)
        return f"{scheme}://{address}{path}"

    @property
    def _unix(self) -> bool:
        return self.address.startswith("unix:")


def _is_routed(router: "Router", line: Line) -> bool:
    from gateway_core.message import RequestHead
    from gateway_core.routing import Match

    head = RequestHead(line.method, line.path.encode(), b"localhost", ())
    return isinstance(router.match(head), Match)
