"""From a file, or a text, to settings: every step, and every error of every step at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from pydantic import ValidationError

from .crosschecks import Draft, crosscheck
from .demonstration import DEMONSTRATION
from .environment import Substitution
from .explain import explain
from .files import find, read
from .identity_checks import secret_files
from .places import KeyPath, Spot
from .problem import Finding, Problem, SettingsError, Severity
from .schema import Settings
from .source import Source
from .syntax import Parsed, SyntaxFaultError, parse

BUILT_IN: Final = "the built-in demonstration"


@dataclass(frozen=True, slots=True)
class Examined:
    """A configuration that can be used, and what was noticed about it."""

    settings: Settings
    warnings: tuple[Problem, ...]
    name: str
    """The file, or BUILT_IN."""
    spot: Spot
    """Where in it each value stands."""


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the file at `path`; None: of the one that `find` finds.

    Raises SettingsError, with every problem at once.
    """
    return examine(path, environ).settings


def examine(path: Path | None, environ: Mapping[str, str]) -> Examined:
    """Like `load`, and return the warnings too. Raises SettingsError."""
    path = path or find(environ)
    if path is None:
        return examine_text(DEMONSTRATION, ".toml", environ, BUILT_IN)
    return examine_text(read(path), path.suffix, environ, str(path), look_for_files=True)


def examine_text(
    text: str,
    suffix: str,
    environ: Mapping[str, str],
    name: str,
    *,
    look_for_files: bool = False,
) -> Examined:
    """Return what `text` says in the syntax of `suffix`; `name` is for messages.

    Reads nothing but its parameters, unless it is to see if the files that the
    settings name are there. Raises SettingsError.
    """
    try:
        parsed = parse(text, suffix)
    except SyntaxFaultError as fault:
        source = Source(name, text)
        told = source.syntax_problem(fault.message, fault.line, fault.column, fault.cure)
        raise SettingsError((told,)) from None
    source = Source(name, text, parsed.spot)
    settings, findings = _judge(parsed, environ)
    if settings is not None and look_for_files:
        findings += _missing_files(settings)
    problems = source.problems(_first(findings))
    if settings is None:
        raise SettingsError(problems)
    return Examined(settings, problems, name, parsed.spot)


def _judge(parsed: Parsed, environ: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """Return the settings, or None where a finding is an error; and all findings."""
    findings = list(parsed.faults)
    substitution = Substitution(environ)
    tree = substitution.replace(parsed.tree)
    findings += substitution.problems
    if not isinstance(tree, dict):
        message = "must be a table of keys, such as gateway, upstreams and routes"
        return None, [*findings, Finding((), message)]
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        findings += explain(error)
    findings += crosscheck(Draft.of(cast("dict[str, object]", tree)))
    if any(finding.severity is Severity.ERROR for finding in findings):
        settings = None
    return settings, findings


def _first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without those that come of another one at the same key."""
    kept: list[Finding] = []
    blamed: set[tuple[KeyPath, str]] = set()
    for finding in findings:
        mine = (finding.path, "" if finding.severity is Severity.ERROR else finding.message)
        if mine not in blamed and not _below(finding.path, blamed):
            kept.append(finding)
        blamed.add(mine)
    return kept


def _below(path: KeyPath, blamed: set[tuple[KeyPath, str]]) -> bool:
    """Whether a table on the way to `path` is wrong itself."""
    return any((path[:depth], "") in blamed for depth in range(1, len(path)))


def _missing_files(settings: Settings) -> Iterator[Finding]:
    """Yield a warning for each named file that is not here: it may be where the gateway runs."""
    named: list[tuple[KeyPath, str | None]] = []
    if (server := settings.gateway.tls) is not None:
        named.append((("gateway", "tls", "certificate"), server.certificate))
        named.append((("gateway", "tls", "key"), server.key))
    for name, upstream in settings.upstreams.items():
        if (tls := upstream.tls) is not None:
            named.append((("upstreams", name, "tls", "ca"), tls.ca))
            named.append((("upstreams", name, "tls", "certificate"), tls.certificate))
            named.append((("upstreams", name, "tls", "key"), tls.key))
    for path, file in [*named, *secret_files(settings)]:
        if file is not None and not Path(file).is_file():
            cure = "paths are seen from the working folder"
            yield Finding(path, "there is no such file here", cure, Severity.WARNING)
