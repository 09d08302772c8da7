"""The files behind `/docs`: Swagger UI as it is published, and the page around it.

Each is asked for by a URL that holds its hash, so that browsers may keep it for ever. The
page itself is what changes with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

DOCUMENT: Final = b"/openapi.json"
PAGE: Final = b"/docs"
_HERE: Final = Path(__file__).parent

_SCRIPT: Final = "text/javascript; charset=utf-8"
_STYLE: Final = "text/css; charset=utf-8"

ASSETS: Final[Mapping[bytes, tuple[str, str]]] = {
    b"/docs/swagger-ui-bundle.js": ("static/swagger-ui-bundle.js", _SCRIPT),
    b"/docs/swagger-ui.css": ("static/swagger-ui.css", _STYLE),
    b"/docs/favicon-32x32.png": ("static/favicon-32x32.png", "image/png"),
    b"/docs/initializer.js": ("page/initializer.js", _SCRIPT),
    b"/docs/page.css": ("page/page.css", _STYLE),
}
"""Place and media type, by path."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    body: bytes
    media_type: str
    version: str
    """Of its bytes: other bytes have another."""


@cache
def asset(path: bytes) -> File:
    """Return the file at one of the paths of ASSETS. Reads it when it is first asked for."""
    place, media_type = ASSETS[path]
    return file_of((_HERE / place).read_bytes(), media_type)


@cache
def page() -> File:
    """Return the page, which asks for its files by their versions. Reads all of them."""
    text = (_HERE / "page" / "index.html").read_text(encoding="utf-8")
    for path in ASSETS:
        name = path.decode("ascii").rpartition("/")[2]
        text = text.replace(f"{{{name}}}", asset(path).version)
    return file_of(text.encode("utf-8"), "text/html; charset=utf-8")


def file_of(body: bytes, media_type: str) -> File:
    """Return these bytes as a file."""
    return File(body, media_type, sha256(body).hexdigest()[:32])
