"""What the portal answers: the merged document, the page, and the page's files.

The document is made when it is first asked for after something changed, in a thread; one
is kept for each set of hosts that routes know, so their number is the configuration's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway_core.describing import Note, Served, describe, host_rules
from gateway_core.routing.target import authority_problem

from ..supervision import Supervisor
from . import files
from .services import ServiceDocument

_KEPT: Final = "public, max-age=31536000, immutable"
_ASKED_AGAIN: Final = "no-cache"

_ALWAYS: Final = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_OF_THE_PAGE: Final = {
    **_ALWAYS,
    # Scripts, styles and requests of this very origin; images that the style sheet brings
    # along as data; nothing inline, nobody's frame, no form that goes anywhere.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}

_log = structlog.get_logger("gateway.portal")


@dataclass(frozen=True, slots=True)
class _Made:
    """A document as it is sent."""

    generations: tuple[int, ...]
    """Of the services' documents that it was made of."""
    file: files.File


class Portal:
    """The portal's pages, and the tasks that keep them true."""

    def __init__(self, served: Served, services: Mapping[str, ServiceDocument]) -> None:
        """`services` by their upstream: those that publish a document."""
        self._served = served
        self._services = services
        self._made: dict[tuple[str, ...], _Made] = {}
        self._making = trio.Lock()
        self._noted: set[Note] = set()

    @property
    def routes(self) -> list[Route]:
        """What Starlette is to serve."""
        return [
            Route(files.DOCUMENT.decode("ascii"), self.document),
            Route(files.PAGE.decode("ascii"), self.page),
            *(Route(path.decode("ascii"), self.file) for path in files.ASSETS),
        ]

    def start(self, supervisor: Supervisor) -> None:
        """Begin to fetch what services publish."""
        for name, service in self._services.items():
            supervisor.start(f"API document of {name}", service.run)

    async def aclose(self) -> None:
        """Close the connections to services."""
        for service in self._services.values():
            await service.aclose()

    async def document(self, request: Request) -> Response:
        """Answer `/openapi.json`: what is served under the host that is asked."""
        made = await self._make(_authority(request))
        return _sent(request, made.file, _ASKED_AGAIN, _ALWAYS)

    async def page(self, request: Request) -> Response:
        """Answer `/docs`."""
        page = await trio.to_thread.run_sync(files.page)
        return _sent(request, page, _ASKED_AGAIN, _OF_THE_PAGE)

    async def file(self, request: Request) -> Response:
        """Answer a file of the page; for ever, where it is asked for by its version."""
        path: bytes = request.scope["raw_path"]
        file = await trio.to_thread.run_sync(files.asset, path)
        is_this = request.scope["query_string"] == b"v=" + file.version.encode("ascii")
        kept = _KEPT if is_this else _ASKED_AGAIN
        return _sent(request, file, kept, _ALWAYS)

    async def _make(self, authority: bytes) -> _Made:
        """Return the document for a host, made anew where something has changed."""
        rules = host_rules(self._served.routes, authority)
        async with self._making:
            generations = tuple(service.generation for service in self._services.values())
            made = self._made.get(rules)
            if made is None or made.generations != generations:
                made = await self._describe(authority, generations)
                self._made[rules] = made
            return made

    async def _describe(self, authority: bytes, generations: tuple[int, ...]) -> _Made:
        services = {
            name: held
            for name, service in self._services.items()
            if (held := service.held) is not None
        }

        def work() -> tuple[bytes, tuple[Note, ...]]:
            told = describe(self._served, services, authority)
            # ASCII, since what was read may hold halves of characters, which UTF-8 has no bytes for.
            return json.dumps(told.document, separators=(",", ":")).encode("ascii"), told.notes

        body, notes = await trio.to_thread.run_sync(work)
        for note in set(notes) - self._noted:
            _log.warning(
                "not in the API document",
                upstream=note.service,
                reason=note.reason,
                where=note.where,
            )
        self._noted = set(notes)
        return _Made(generations, files.file_of(body, "application/json"))


def _authority(request: Request) -> bytes:
    """Return the host that is asked; b"" for what is none, as for a request without one."""
    hosts = [value for name, value in request.headers.raw if name == b"host"]
    return hosts[0] if len(hosts) == 1 and authority_problem(hosts[0]) is None else b""


def _sent(request: Request, file: files.File, kept: str, fields: Mapping[str, str]) -> Response:
    """Return the answer; 304 where the client has it (RFC 9110, 13.1.2)."""
    told = {**fields, "etag": f'"{file.version}"', "cache-control": kept}
    if _has(request.headers.getlist("if-none-match"), file.version):
        return Response(status_code=304, headers=told)
    return Response(file.body, headers={**told, "content-type": file.media_type})


def _has(lines: list[str], version: str) -> bool:
    """Whether a list of entity tags has the one of `version`, or is a star; weak ones count."""
    tags = [tag.strip(" \t").removeprefix("W/") for line in lines for tag in line.split(",")]
    return f'"{version}"' in tags or "*" in tags
