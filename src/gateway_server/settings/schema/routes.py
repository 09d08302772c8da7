"""`[[routes]]`: which requests go where, and how they go on."""

from typing import Annotated, Literal, TypeAlias

from .addresses import ClientNetwork
from .caching import CacheSettings
from .compose import ComposeSettings
from .compress import Compress
from .keys import SWITCH, OneOrMany, OrFalse, Reads, Table, key, wrong
from .names import Name, Text, Texts
from .rewriting import ResponseBodySettings, Statuses
from .values import BodyMax, duration
from .websockets import WebSocketSettings


def _read_rule(value: object) -> str | Literal[True]:
    if value is True or isinstance(value, str):
        return str(value) if isinstance(value, str) else True
    raise wrong("is no rule", 'write the exact value in quotes, or true for "it must be there"')


Rule: TypeAlias = Annotated[
    str | Literal[True],
    Reads(
        _read_rule,
        {"anyOf": [{"type": "string"}, {"const": True}], "x-type": "exact value, or true"},
    ),
]


class Edits(Table):
    """Changes to the fields of a head: `remove` first, then `set`, then `add`."""

    set: dict[str, Text] = key({}, about="Fields that replace all of their name.", shown="none")
    add: dict[str, Texts] = key(
        {}, about="Fields that come beside those of their name; a list for several.", shown="none"
    )
    remove: Texts = key((), about="Names of fields that are taken away.")


class CorsSettings(Table):
    """What pages of other origins may do (CORS). The upstream's own words of it are replaced."""

    origins: Texts = key(
        least=1,
        about='Origins, such as `"https://app.example"`; `"https://*.app.example"` for one label '
        'or more before it; `"*"` for all.',
    )
    credentials: Annotated[bool, SWITCH] = key(
        default=False,
        about='Whether browsers send cookies along. Not with `origins = "*"`.',
        why="Any page could then act in the name of whoever looks at it.",
    )
    methods: Texts = key(
        ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), about="Methods that pages may use."
    )
    headers: Texts | None = key(
        None, about="Fields that pages may set.", shown="whichever they ask for"
    )
    expose: Texts = key((), about="Fields of answers that pages may read, beyond the usual ones.")
    max_age: Annotated[int, duration("0s", "1d")] = key(
        "10m", about="For how long browsers remember what was allowed."
    )


class QueryEdits(Table):
    """Changes to the parameters of a query."""

    set: dict[str, Text] = key(
        {},
        about="Parameters that replace all of their name, with `{...}` as in `request_headers`; "
        "one whose value is missing is only taken away.",
        shown="none",
    )
    remove: Texts = key((), about="Names of parameters that are taken away.")


class RouteSettings(Table):
    """Requests that go the same way. Of several that match, the most specific serves."""

    name: Name = key(about="Its name in logs, metrics and messages.")
    upstream: Name | None = key(
        None,
        about="Name of the upstream that answers. Every route has either `upstream` or `compose`.",
        shown="none",
    )
    compose: ComposeSettings | None = key(
        None, about="An answer made of what several services know.", shown="none"
    )
    prefix: Text | None = key(
        None,
        about="The paths served: this one and all below it, by whole segments: `/service-a` "
        "serves `/service-a/x`, not `/service-ab`. Either `prefix` or `path`.",
        shown="none",
    )
    path: Text | None = key(
        None,
        about="The path served, whole. `{id}` stands for one segment, `{rest...}` at the end for "
        "all that follows. Either `prefix` or `path`.",
        shown="none",
    )
    host: Texts = key(
        (),
        about="Only requests for one of these hosts. `*.example.com` takes one label or more.",
        shown="every host",
    )
    methods: Texts = key(
        (), about="Only these methods. `GET` implies `HEAD`.", shown="every method"
    )
    headers: dict[str, Rule] = key(
        {},
        about="Only requests with all of these fields: a name and its exact value, or `true` for "
        "any value.",
        shown="none",
    )
    query: dict[str, Rule] = key(
        {}, about="Only requests with all of these query parameters, likewise.", shown="none"
    )
    strip_prefix: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether the upstream is asked without the prefix: `/service-a/x` as `/x`.",
    )
    rewrite: Text | None = key(
        None,
        about="The path that the upstream is asked for, made from what `path` binds: `/v2/{id}`.",
        shown="the client's path",
    )
    request_headers: Edits = key(
        {},
        about="Changes on the way to the upstream. In `set` and `add`, `{consumer}`, "
        "`{claims.NAME}` of the caller's token, `{client}`, `{request_id}`, `{id}` of the path, "
        "`{query.NAME}` and `{headers.NAME}` stand for values of the request; `{{` and `}}` for "
        "braces.",
        shown="none",
    )
    request_query: QueryEdits = key(
        {}, about="Changes to the query on the way to the upstream.", shown="none"
    )
    response_headers: Edits = key(
        {},
        about="Changes on the way to the client, with `{...}` as in `request_headers`.",
        shown="none",
    )
    response_status: Statuses = key(
        {},
        about="Statuses that the client is told in the place of the upstream's: `{ 404 = 410, "
        '"5xx" = 502 }`. A status by itself goes before its class.',
        shown="none",
        why="204, 205, 206 and 304 say how a message is to be read, and stay. Breakers, retries "
        "and the cache go by what the upstream said.",
    )
    response_body: ResponseBodySettings | None = key(
        None,
        about="JSON documents of 2xx answers are made anew by JMESPath.",
        shown="bodies pass unread",
    )
    limits: Texts = key(
        (),
        about="Names of `[limits.NAME]`: a request must have room in all of them.",
        shown="those of `gateway.limits` alone",
    )
    cache: CacheSettings | None = key(
        None,
        about="Store answers to GET and HEAD, as RFC 9111 lets a shared cache. `{}` stores what "
        "the origin says a word about.",
        shown="nothing is stored",
    )
    auth: Texts = key(
        (),
        about="Names of `[auth.NAME]`: any of these must say who asks.",
        shown="nobody is asked",
    )
    scopes: Texts = key((), about="What the caller must be allowed to do: all of these.")
    forward_credentials: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether the upstream sees the credential that named the caller.",
        why="It needs the name, which `X-Consumer-ID` tells, not the key.",
    )
    cors: CorsSettings | None = key(
        None, about="Which pages of other origins may use this from a browser.", shown="none"
    )
    allow_from: Annotated[tuple[ClientNetwork, ...], OneOrMany()] = key(
        (), about="Only clients of these networks or addresses; 403 for others.", shown="everywhere"
    )
    deny_from: Annotated[tuple[ClientNetwork, ...], OneOrMany()] = key(
        (), about="No clients of these, also where `allow_from` has them."
    )
    security_headers: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether answers get `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy` "
        "and, over https, `Strict-Transport-Security`.",
        why="In place of the upstream's. What pages may load, only who made them knows.",
    )
    compress: Compress = key(
        None,
        about="`true`, or a table: compress answers for clients that accept it.",
        shown="as the upstream gave them",
        why="Who compresses what holds a secret beside what others can choose tells its length "
        "(BREACH), so each route says so itself.",
    )
    max_request_body: BodyMax | None = key(
        None,
        about="Bytes of a request's body; 413 beyond. `false`: no bound.",
        shown="as `gateway.max_request_body`",
    )
    websocket: Annotated[WebSocketSettings | Literal[False], OrFalse(WebSocketSettings)] = key(
        {},
        about="How WebSockets are held; `false` refuses them.",
        shown="relayed, with the defaults",
    )
