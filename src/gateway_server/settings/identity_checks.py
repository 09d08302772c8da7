"""What is wrong between `[auth.NAME]`, the routes that name them, and upstreams' secrets."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from gateway_core.errors import ConfigError
from gateway_core.identifying import Scheme

from .identity import assemble_door, assemble_scheme, signing_secret
from .places import KeyPath, quote
from .problem import Finding, Severity
from .schema import AuthSettings, RouteSettings, Settings, UpstreamSettings
from .schema.secret_text import Secret

_NEVER_SECRET: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "authorization", "cookie"}
)


def check_identity(
    auth: Mapping[str, AuthSettings],
    named: tuple[str, ...],
    routes: Mapping[int, RouteSettings],
    upstreams: Mapping[str, UpstreamSettings],
) -> Iterator[Finding]:
    """Yield everything that is wrong; `named` are all the schemes, right or wrong."""
    schemes: dict[str, Scheme] = {}
    for name, wanted in auth.items():
        scheme, findings = assemble_scheme(name, wanted, Secret.peek)
        for finding in findings:
            yield _below(finding, "auth", name)
        if scheme is not None:
            schemes[name] = scheme
    yield from _names(routes, named)
    for index, route in routes.items():
        for finding in assemble_door(route, schemes)[1]:
            yield _below(finding, "routes", index)
    for name, upstream in upstreams.items():
        yield from _secrets(name, upstream)


def _names(routes: Mapping[int, RouteSettings], named: tuple[str, ...]) -> Iterator[Finding]:
    for index, route in routes.items():
        for place, name in enumerate(route.auth):
            if name not in named:
                yield _unknown(("routes", index, "auth", place), name, named)
    used = {name for route in routes.values() for name in route.auth}
    for name in named:
        if name not in used:
            message = f"no route takes {quote(name)}"
            yield Finding(("auth", name), message, severity=Severity.WARNING, on_key=True)


def secret_files(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path of each file that is to hold a secret or a key, and where it is named."""
    for name, wanted in settings.auth.items():
        path: KeyPath = ("auth", name)
        for key in ("public_key", "jwks_ca"):
            if (file := getattr(wanted, key)) is not None:
                yield (*path, key), file
        if wanted.secret is not None and wanted.secret.file:
            yield (*path, "secret"), wanted.secret.file
        for index, one in enumerate(wanted.keys):
            if one.value is not None and one.value.file:
                yield (*path, "keys", index, "value"), one.value.file
    for name, upstream in settings.upstreams.items():
        for where, secret in _secrets_of(upstream):
            if secret.file:
                yield ("upstreams", name, *where), secret.file


def _secrets_of(upstream: UpstreamSettings) -> Iterator[tuple[KeyPath, Secret]]:
    """Yield the secrets that are shown to or shared with a service, the first as it is."""
    if upstream.secret is not None:
        yield ("secret", "value"), upstream.secret.value
    if upstream.signature is not None:
        yield ("signature", "secret"), upstream.signature.secret
    if upstream.caller_token is not None:
        yield ("caller_token", "secret"), upstream.caller_token.secret


def _below(finding: Finding, *path: str | int) -> Finding:
    where: KeyPath = (*path, *finding.path)
    return Finding(where, finding.message, finding.help, finding.severity, on_key=finding.on_key)


def _unknown(path: KeyPath, name: str, known: tuple[str, ...]) -> Finding:
    near = get_close_matches(name, known, 1, 0.6)
    cure = f"did you mean {quote(near[0])}?" if near else "write [auth.NAME] with its kind"
    return Finding(path, f"there is no [auth.{name}]", cure)


def _secrets(name: str, upstream: UpstreamSettings) -> Iterator[Finding]:
    path: KeyPath = ("upstreams", name)
    if (secret := upstream.secret) is not None and secret.header.lower() in _NEVER_SECRET:
        message = f"{secret.header} has a meaning of its own"
        yield Finding((*path, "secret", "header"), message, 'write "X-Gateway-Secret"')
    for key, told in _secrets_of(upstream):
        yield from _revealed((*path, *key), told, signs=key[0] != "secret")


def _revealed(path: KeyPath, secret: Secret, *, signs: bool) -> Iterator[Finding]:
    """Judge what is here; what is in a file is judged at the start."""
    try:
        text = secret.peek()
        if signs:
            signing_secret(secret, Secret.peek)
        elif secret.file:
            return
        elif not text.isascii() or not text.isprintable() or len(text.split()) not in {1, 2}:
            cure = "visible ASCII, at most two secrets with a space between"
            yield Finding(path, "cannot be written into a field", cure)
    except ConfigError as error:
        yield Finding(path, error.problem)
