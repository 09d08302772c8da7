"""Configurations: any text, in each of the three syntaxes, with variables and without.

Invariant: any bytes give settings or a SettingsError, whose every problem stands on a
line that the text has, with a caret inside of its excerpt, and can be shown; no value
of the environment is in it. What was accepted builds routes, upstreams and rules.
"""

from typing import Final

from gateway_core.routing import Router
from gateway_server.settings import SettingsError
from gateway_server.settings.build import build_forwarding, build_routes, build_upstreams
from gateway_server.settings.demonstration import DEMONSTRATION
from gateway_server.settings.limits import build_limits
from gateway_server.settings.load import examine_text
from gateway_server.settings.report import plain

_SUFFIXES: Final = (".toml", ".yaml", ".json")
_SECRET: Final = "4f1c9e2d7b"
_ENVIRON: Final = {"SET": _SECRET, "EMPTY": "", "URL": f"http://{_SECRET}:80", "PORT": "8000"}

SEEDS: Final[list[bytes]] = [
    b"t" + DEMONSTRATION.encode(),
    b't[gateway]\nworkers = "${PORT}"\nvia = "${SET}"\nbind = ["[::1]:${PORT}", "unix:/x"]\n',
    (
        b't[upstreams.a]\nendpoints = ["${URL}", { url = "unix:/x", weight = 2 }]\n'
        b'[[routes]]\nname = "a"\npath = "/a/{b}/{c...}"\nupstream = "a"\nrewrite = "/{c...}"\n'
        b'headers = { X-A = "${SET}" }\nrequest_headers.add."x-b" = ["1", "2"]\n'
    ),
    b't[[routes]]\nname = "${SET}"\nprefix = "${SET}"\nupstream = "${SET}"\nhost = "${SET}"\n',
    b't"a b"."c" = """\nx\\\ny"""  # z\nd = [1, [2, { e = 1979-05-27 07:32:00 }]]\n[[f]]\n[f.g]\n',
    b"y&a [1, &b {x: *a}, !t 1, <<: *b]",
    b"ya: &a {b: c}\nd:\n  <<: *a\n  <<: [*a]\n  e: |\n    ${SET}\n? - x\n: y\n",
    b"ygateway: {access_log: off, workers: 0x1, h2c: yes, drain_timeout: 1:30}\n",
    b"ya: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: *d\n",
    b'j{"gateway": {"workers": 1, "workers": 2, "via": "\\ud800"}, "routes": [{}, null]}',
    b'j{"a": [[[[1e999, -0.0, "\\u0000"]]]], "b": NaN}',
    b"j// no\n{}",
]


def check(data: bytes) -> None:
    """Layout: a byte that chooses the syntax, "t", "y" or "j" (else by its value); the text."""
    if not data:
        return
    suffix = _SUFFIXES[b"tyj".find(data[:1])] if data[:1] in b"tyj" else _SUFFIXES[data[0] % 3]
    text = data[1:].decode("utf-8", "replace")
    try:
        settings = examine_text(text, suffix, _ENVIRON, "fuzz").settings
    except SettingsError as error:
        _judge(error, text)
        return
    Router(build_routes(settings))
    build_upstreams(settings)
    build_forwarding(settings)
    build_limits(settings)


def _judge(error: SettingsError, text: str) -> None:
    assert error.problems
    shown = plain(error.problems)
    assert _SECRET in text or _SECRET not in shown
    assert all(char.isprintable() or char == "\n" for char in shown)
    for problem in error.problems:
        assert 0 <= problem.line <= text.count("\n") + text.count("\r") + 1, problem
        assert bool(problem.line) == bool(problem.column), problem
        assert 0 <= problem.mark <= len(problem.excerpt) or not problem.excerpt, problem
