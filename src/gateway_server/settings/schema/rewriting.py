"""`response_status` and `response_body` of a route: what its answers say in the place of others."""

from typing import Annotated, Final, TypeAlias

from gateway_core.transforming import Otherwise
from gateway_core.transforming.rewriting import SIZE_MAX

from .compose import ShapeOf
from .keys import Reads, Table, choice, key, whole
from .values import size

_STATUS: Final = whole(200, 599)

Statuses: TypeAlias = dict[str, Annotated[int, _STATUS]]
"""By a status or a class: `404`, `"5xx"`. What can be mapped, the core judges."""

_OTHERWISE: Final[Reads] = choice(*(each.value for each in Otherwise))


class ResponseBodySettings(Table):
    """What is made of the JSON document of an answer."""

    document: ShapeOf = key(
        about="What is answered in its place: a table of JMESPath expressions over `body`, what "
        "was answered, and what `request_headers` may name; or one expression.",
    )
    max_size: Annotated[int, size("1KiB", "16MiB")] = key(
        SIZE_MAX,
        about="Bytes of a document that is rewritten.",
        why="It is held in memory, and parsed while nobody else is served: about 10 ms a MiB.",
    )
    otherwise: Annotated[str, _OTHERWISE] = key(
        Otherwise.REFUSE.value,
        about='What becomes of one that cannot be: `"refuse"` is 502, `"pass"` lets it go as it '
        "came.",
        why="What the rewriting leaves out may be what nobody is to see.",
    )
