"""`[upstreams.NAME]`: a service behind the gateway."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from gateway_core.upstream import CONNECTIONS_MAX, WAITING_MAX

from .addresses import EndpointUrl
from .auth import FIELD_NAME
from .gateway import FILE
from .keys import SWITCH, Reads, Table, choice, key, whole, wrong
from .names import Name
from .protection import (
    AdaptiveConcurrency,
    Breaker,
    FallbackAnswer,
    HashKey,
    Health,
    Hedge,
    Outlier,
    Retries,
    share,
)
from .secret_text import SecretText
from .values import Timeout, duration, size


def _read_target(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"/[!-~]{0,1000}", value) or "#" in value:
        raise wrong("is no path that can be asked for", 'write "/openapi.json"')
    return str(value)


def _read_server_name(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not 0 < len(value) < 254:
        raise wrong("is no host name")
    return str(value)


class UpstreamTls(Table):
    """How endpoints are trusted, and what they are shown."""

    verify: Annotated[bool, SWITCH] = key(
        default=True,
        about="Whether the endpoint's certificate is verified.",
        why="Without it, anybody on the way can answer in the endpoint's place.",
    )
    ca: Annotated[str, FILE] | None = key(
        None,
        about="PEM file of authorities that replace the system's.",
        shown="the system's authorities",
    )
    server_name: Annotated[str, Reads(_read_server_name, {"type": "string"})] | None = key(
        None, about="The name to ask for (SNI) and to verify.", shown="the endpoint's host"
    )
    certificate: Annotated[str, FILE] | None = key(
        None, about="PEM file of our own certificate, for endpoints that ask for one.", shown="none"
    )
    key: Annotated[str, FILE] | None = key(
        None, about="PEM file of its private key.", shown="in the file of `certificate`"
    )


class BackendSecret(Table):
    """A password that the gateway shows to the service, in a field that clients cannot set."""

    header: Annotated[str, FIELD_NAME] = key(
        "X-Gateway-Secret",
        about="The field. Clients' fields of this name are removed on every route, and the "
        "services' from every answer.",
    )
    value: SecretText = key(
        about="The secret; while it is rotated two, with a space between: the first is sent, "
        "services take both.",
    )


class BackendSignature(Table):
    """HMAC-SHA256 over method, target, caller and, where it is small, body (RFC 9421)."""

    key_id: Name = key("gateway", about="What the signature calls the key.")
    secret: SecretText = key(about="The key that is shared with the service; 32 bytes at least.")
    body_max: Annotated[int, size("0B", "1MiB")] = key(
        "64KiB",
        about="Bodies of a told length up to this are read first, and signed (`Content-Digest`); "
        "longer ones stream, and the signature does not speak of them.",
        why="A digest stands before what it is of, so what it covers must be held.",
    )


class CallerToken(Table):
    """A JWT (HS256) of the gateway's own about the caller: `sub`, `scope`, `iss`, `aud`, `exp`."""

    secret: SecretText = key(about="What it is signed with; 32 bytes at least.")
    header: Annotated[str, FIELD_NAME] = key(
        "Authorization", about="The field; in `Authorization` it is a bearer token."
    )
    audience: str | None = key(None, about="Its `aud`.", shown="the upstream's name")
    issuer: str = key("gateway", about="Its `iss`.")
    lifetime: Annotated[int, duration("5s", "1h")] = key(
        "60s", about="How long it holds. The same one is used for half of that time."
    )


class EndpointSettings(Table):
    """One address of an upstream. Written as its URL alone, or as a table."""

    url: EndpointUrl = key(about="Where it is. Host and port alone: paths are a route's business.")
    weight: Annotated[int, whole(1, 1_000)] = key(
        1, about="Its share of the requests, against that of the others."
    )


def _from_url(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


class UpstreamSettings(Table):
    """Endpoints that answer alike, and how long to wait for them."""

    endpoints: tuple[
        Annotated[
            EndpointSettings,
            BeforeValidator(_from_url, json_schema_input_type=EndpointUrl | EndpointSettings),
        ],
        ...,
    ] = key(
        least=1,
        about='Where the service is: `"http://host:port"`, `"https://host"`, `"unix:/path"`, '
        "or `{ url = ..., weight = ... }`.",
    )
    protocol: Annotated[str, choice("http1", "h2")] = key(
        "http1",
        about="What the endpoints are spoken to in. `h2`: HTTP/2, many calls beside each other on "
        "few connections; https endpoints must agree to it (ALPN), http ones must expect it.",
        why="HTTP/1.1 costs less a request; HTTP/2 is what gRPC needs, and what keeps "
        "connections few.",
    )
    connect_timeout: Timeout = key(
        "2s",
        about="Until a connection is there, TLS included; 504 beyond.",
        why="Within a data centre a connection takes 1 ms; a lost SYN is sent again after 1 s.",
    )
    response_timeout: Timeout = key(
        "15s",
        about="From the last byte of the request until the answer's head is complete; 504 beyond.",
    )
    idle_timeout: Timeout = key(
        "60s",
        about="Between two pieces of a body, either way; then the transfer is cut.",
        why="Never a clock on the whole transfer: streams may last for days.",
    )
    preserve_host: Annotated[bool, SWITCH] = key(
        default=True,
        about="Whether the client's `Host` is passed on; else the endpoint's own is sent.",
        why="Services make links and cookies from it. Turn it off for upstreams that are "
        "somebody else's virtual host.",
    )
    connections_max: Annotated[int, whole(1, 1_000_000)] = key(
        CONNECTIONS_MAX, about="Connections at once to each endpoint, in each worker."
    )
    waiting_max: Annotated[int, whole(0, 1_000_000)] = key(
        WAITING_MAX,
        about="Requests that may wait for a connection to an endpoint; 503 at once beyond.",
        why="A queue that never ends turns a slow service into a dead gateway.",
    )
    tls: UpstreamTls | None = key(
        None, about="For https endpoints.", shown="verified by the system's authorities"
    )
    secret: BackendSecret | None = key(
        None,
        about="What proves to the service that a request comes from this gateway.",
        shown="none",
    )
    signature: BackendSignature | None = key(
        None,
        about="Sign each request (RFC 9421), so that nobody on the way can change it or send it "
        "again later.",
        shown="none",
    )
    caller_token: CallerToken | None = key(
        None,
        about="Tell the service who asks by a signed token, in place of `X-Consumer-ID`.",
        shown="none",
    )
    openapi: Annotated[str, Reads(_read_target, {"type": "string", "x-type": "path"})] | None = key(
        None,
        about="Where the service publishes its OpenAPI document (3.0 or 3.1, in JSON): what routes "
        "lead to of it is told at `/openapi.json`.",
        shown="none: the portal says nothing of it",
    )
    balance: Annotated[str, choice("two-choices", "round-robin", "hash")] = key(
        "two-choices",
        about="Which endpoint takes the next request. `two-choices`: the less busy of two drawn by "
        "chance. `round-robin`: in turn. `hash`: by `hash_on`. All keep to the weights.",
        why="To ask the least busy of all would send everybody to the same one at once.",
    )
    hash_on: HashKey | None = key(
        None,
        about="What requests have in common that go to the same endpoint, as long as it is not "
        "over 1.25 times its share.",
        shown="none: needed by `hash` alone",
    )
    retries: Retries | None = key(
        None, about="Whether a request that failed is sent again.", shown="off"
    )
    per_try_timeout: Timeout | None = key(
        None,
        about="From the beginning of a try until its answer's head; then the next try, if one is "
        "left.",
        shown="none: `response_timeout` alone",
        why="No try begins later than `response_timeout` after the first one.",
    )
    breaker: Breaker | None = key(
        None, about="Whether an endpoint that fails is left alone for a while.", shown="off"
    )
    health: Health | None = key(None, about="Whether endpoints are checked.", shown="off")
    outlier: Outlier | None = key(
        None, about="Whether endpoints that do worse than the others are left out.", shown="off"
    )
    slow_start: Timeout | None = key(
        None,
        about="How long an endpoint that joins or comes back takes from a tenth of its share to "
        "all of it.",
        shown="no time",
    )
    panic: Annotated[int, share(0, 100)] = key(
        "50%",
        about="If fewer endpoints than that are well, all are asked, well or not.",
        why="Envoy's. Then the checks are wrong sooner than the services, and few would drown.",
    )
    adaptive_concurrency: AdaptiveConcurrency | None = key(
        None, about="Whether calls at once are bounded by how long they take.", shown="off"
    )
    hedge: Hedge | None = key(
        None, about="Whether a second endpoint is asked where the first is slow.", shown="off"
    )
    fallback: FallbackAnswer | None = key(
        None,
        about="What clients are answered in place of a 502, 503 or 504 of the gateway's own.",
        shown="problem+json",
    )
