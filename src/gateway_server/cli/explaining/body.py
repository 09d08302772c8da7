"""What bounds the request's body."""

from collections.abc import Iterator

from ...settings.places import KeyPath
from ...settings.schema.values import spell_size
from .case import Case
from .contract import Fact

_KEY = "max_request_body"


def body(case: Case) -> Iterator[Fact]:
    """Tell the bound, and whether the length that is declared is beyond it."""
    if case.match is None:
        return
    is_own = case.wanted.max_request_body is not None
    said: KeyPath = ("routes", case.place, _KEY) if is_own else ("gateway", _KEY)
    most = case.match.route.body_max
    if most is None:
        yield Fact("of any length", said)
    elif case.head.body > most:
        yield Fact(f"{case.head.body} bytes, more than {spell_size(most)}: 413", said)
    else:
        yield Fact(f"at most {spell_size(most)}, 413 beyond", said)
