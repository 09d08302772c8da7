"""Which route serves, and why each of the others does not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway_core.refusal import Refusal
from gateway_core.routing import Outcome, ServerOptions

from ...settings.places import KeyPath
from .case import Case
from .contract import Fact

if TYPE_CHECKING:
    from ...settings.schema import RouteSettings

_MATCHERS = ("host", "methods", "headers", "query")


def routes(case: Case) -> Iterator[Fact]:
    """Tell what the router answers, then what became of each route, in file order."""
    if case.is_own_page:
        yield Fact("the gateway's own page: no route is asked", ("gateway", "endpoints"))
        return
    yield from _answer(case)
    explained = case.policies.router.explain(case.head)
    if isinstance(explained, Refusal):
        return
    for place, (route, outcome) in enumerate(explained):
        if outcome is not Outcome.SERVES:
            yield Fact(f"not {route.name}: {outcome.value}", ("routes", place))


def _answer(case: Case) -> Iterator[Fact]:
    answer = case.answer
    if isinstance(answer, Refusal):
        yield Fact(f"none: {answer.status} {answer.reason}. {answer.detail}")
        for name, value in answer.fields:
            yield Fact(f"{name.decode()}: {value.decode()}", depth=1)
    elif isinstance(answer, ServerOptions):
        yield Fact("none: OPTIONS * asks about the gateway, which answers 204")
    else:
        place: KeyPath = ("routes", case.place)
        yield Fact(f"{answer.route.name} serves", place)
        yield from _why(case.wanted, place)


def _why(wanted: "RouteSettings", place: KeyPath) -> Iterator[Fact]:
    """Tell what the request had to be like. Values that rules look for are not shown."""
    key = "prefix" if wanted.prefix is not None else "path"
    yield Fact(f"{key} {getattr(wanted, key)}", (*place, key), 1)
    for name in _MATCHERS:
        if found := getattr(wanted, name):
            yield Fact(f"{name}: {', '.join(found)}", (*place, name), 1)
