"""Configurations for tests: what a text is read as, and what is told about it."""

from collections.abc import Mapping

from gateway_server.settings import Problem, Settings, SettingsError
from gateway_server.settings.load import examine_text

ROUTE = """\
[upstreams.a]
endpoints = ["http://127.0.0.1:8001"]

[[routes]]
name = "a"
prefix = "/a"
upstream = "a"
"""


def read(text: str, suffix: str = ".toml", environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that `text` stands for."""
    return examine_text(text, suffix, environ or {}, f"gateway{suffix}").settings


def told(
    text: str, suffix: str = ".toml", environ: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    """Return what is told about `text`: errors, or else warnings."""
    try:
        return examine_text(text, suffix, environ or {}, f"gateway{suffix}").warnings
    except SettingsError as error:
        return error.problems


def only(problems: tuple[Problem, ...]) -> Problem:
    """Return the only problem there is."""
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]
