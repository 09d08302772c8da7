"""Who may ask: from where, named by what, and with which scopes."""

from collections.abc import Iterator

from ...settings.places import KeyPath
from .case import Case
from .contract import Fact


def identity(case: Case) -> Iterator[Fact]:
    """Tell what the route asks of its callers. No key, and no secret of a scheme, is shown."""
    if case.match is None:
        return
    wanted = case.wanted
    place: KeyPath = ("routes", case.place)
    if wanted.allow_from:
        yield Fact(f"only from {', '.join(map(str, wanted.allow_from))}", (*place, "allow_from"))
    if wanted.deny_from:
        yield Fact(f"never from {', '.join(map(str, wanted.deny_from))}", (*place, "deny_from"))
    for index, name in enumerate(wanted.auth):
        kind = case.settings.auth[name].kind
        yield Fact(f"{'or ' if index else ''}named by {name}", (*place, "auth", index))
        yield Fact(kind, ("auth", name, "kind"), 1)
    if wanted.auth and not wanted.forward_credentials:
        yield Fact("the credential stays here", (*place, "forward_credentials"))
    if wanted.scopes:
        yield Fact(f"with {', '.join(wanted.scopes)}, 403 without", (*place, "scopes"))
