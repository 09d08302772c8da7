"""`[routes.compose]`: one answer out of many."""

from typing import Annotated, Any, Final, TypeAlias, cast

from gateway_core.composing import ITEMS_MAX, PARALLEL, PASSED, REQUEST_MAX

from ..environment import Substituted
from .caching import CacheSettings
from .keys import SWITCH, Reads, Table, key, whole, wrong
from .names import Name, Text
from .values import Timeout, size

_NESTING_MAX: Final = 32


def _plain(value: object, depth: int = _NESTING_MAX) -> object:
    """Return a JSON document; what TOML and YAML know beyond JSON is none."""
    if isinstance(value, Substituted):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth == 0:
        raise wrong("nests too deep")
    if isinstance(value, list):
        return [_plain(member, depth - 1) for member in cast("list[object]", value)]
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {name: _plain(member, depth - 1) for name, member in members.items()}
    raise wrong("is nothing that JSON can say", "write text, a number, true, a list or a table")


def _read_shape(value: object, depth: int = _NESTING_MAX) -> object:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict) and depth:
        members = cast("dict[str, object]", value)
        return {name: _read_shape(member, depth - 1) for name, member in members.items()}
    cure = 'write { name = "part.member", ... }, or one expression in quotes'
    raise wrong("is neither an expression nor a table of them", cure)


Json: TypeAlias = Annotated[Any, Reads(_plain, {"x-type": "any JSON"})]
ShapeOf: TypeAlias = Annotated[
    Any,
    Reads(
        _read_shape,
        {"anyOf": [{"type": "string"}, {"type": "object"}], "x-type": "JMESPath, or a table of it"},
    ),
]


class PartSettings(Table):
    """A request that is made for the sake of a composed answer."""

    upstream: Name = key(about="Name of the upstream that is asked.")
    path: Text = key(
        about="The path asked for. `{...}` stands for a value: what the route's path binds, "
        "`{id}`, or any JMESPath expression over other parts and the request: "
        "`{parts.product.sku}`, `{query.page}`.",
        why="Values are percent-encoded; one that would climb (`..`) fails the part.",
    )
    method: Text = key("GET", about="The method.")
    query: dict[str, Text] = key(
        {},
        about="Query parameters, with `{...}` as in `path`; one whose only value is missing is "
        "left out.",
        shown="none",
    )
    headers: dict[str, Text] = key(
        {},
        about="Fields to send, with `{...}` as in `path`: `Authorization = "
        '"{headers.authorization}"`.',
        shown="trace, languages and the client's address, as with every request",
        why="Credentials and cookies of the client reach no part that does not name them.",
    )
    body: ShapeOf | None = key(
        None, about="What to send, as JSON: written as the `body` of the answer.", shown="nothing"
    )
    timeout: Timeout | None = key(
        None, about="For each request of this part.", shown="the deadline of the composition"
    )
    cache: CacheSettings | None = key(
        None,
        about="Store this part's answers, as a route's `cache` does; for each consumer by itself, "
        "where the route asks who it is.",
        shown="nothing is stored",
    )
    required: Annotated[bool, SWITCH] = key(
        default=True,
        about="Whether there is no answer without it: a failure is then 502 or 504 for the whole, "
        "and names the part.",
    )
    default: Json = key(
        None,
        about="What an optional part stands for where it fails, or is not asked.",
        shown="null",
    )
    when: Text | None = key(
        None,
        about="A JMESPath expression: ask only if it is true. Else the part is its default.",
        shown="always",
    )
    each: Text | None = key(
        None,
        about="A JMESPath expression that makes a list: ask once for each member, `{item}`; the "
        "part is the list of answers.",
        shown="ask once",
    )
    max_items: Annotated[int, whole(1, 1_000)] = key(
        ITEMS_MAX, about="Members of `each`; a longer list fails the part."
    )
    parallel: Annotated[int, whole(1, 100)] = key(
        PARALLEL, about="Members of `each` that are asked for at once."
    )
    max_body: Annotated[int, size("1KiB", "16MiB")] = key(
        "1MiB",
        about="Bytes of each answer; a larger one fails the part.",
        why="It is held in memory, and parsed while nobody else is served: about 10 ms a MiB.",
    )
    pass_statuses: tuple[Annotated[int, whole(300, 599)], ...] = key(
        tuple(sorted(PASSED)),
        about="Statuses of a required part that are the status of the whole; others are 502.",
        why="What is not there is not there, whoever puts the answer together.",
    )


class ComposeSettings(Table):
    """An answer that the gateway composes of what several services know."""

    parts: dict[Text, PartSettings] = key(
        about="What is asked, by name. A part that names another's result waits for it; all "
        "others are asked at once.",
    )
    body: ShapeOf | None = key(
        None,
        about="What is answered: a table of JMESPath expressions over the parts by name, `path`, "
        "`query`, `headers`, `claims` and the client's `body`, or one expression.",
        shown="an object of all parts by name",
    )
    max_body: Annotated[int, size("1KiB", "16MiB")] = key(
        REQUEST_MAX,
        about="Bytes of the client's own JSON, which is read where something refers to `body`; "
        "413 beyond.",
        why="It is held in memory, and parsed while nobody else is served: about 10 ms a MiB.",
    )
    envelope: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether the answer is wrapped in `{status_code, message, data, error}`, failures "
        "of parts listed under `errors`.",
    )
    deadline: Timeout = key(
        "5s",
        about="For the whole. Then 504 if a required part is missing, else the defaults of what "
        "is missing.",
    )
