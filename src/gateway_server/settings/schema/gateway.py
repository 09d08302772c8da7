"""`[gateway]`: the process, its limits, and whom it believes."""

import re
from typing import Annotated, Final

from pydantic import Strict

from .addresses import Bind, Network
from .keys import SWITCH, OneOrMany, Reads, Table, choice, key, whole, wrong
from .limits import RateText
from .values import BodyMax, Pause, Timeout, size

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")


def _read_pseudonym(value: object) -> str:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise wrong("is no name for Via", "write letters, digits and hyphens, at most 64")
    return str(value)


def _read_path(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise wrong("is no path of a file")
    return str(value)


FILE: Final = Reads(_read_path, {"type": "string", "minLength": 1, "x-type": "path of a file"})


class ServerTls(Table):
    """Serve HTTPS."""

    certificate: Annotated[str, FILE] = key(
        about="PEM file of the certificate and its chain.",
        why="Seen from the working folder, as every path here.",
    )
    key: Annotated[str, FILE] = key(about="PEM file of the certificate's private key.")


class GatewaySettings(Table):
    """The process: where it listens, what it bears, whom it believes."""

    bind: Annotated[tuple[Bind, ...], OneOrMany()] = key(
        "127.0.0.1:8000",
        least=1,
        about="Where to listen; a list for several places. Used by `gateway run`: under the plain "
        "`hypercorn` command, Hypercorn's own --bind counts.",
        why="Only this machine can ask, until you say otherwise. Port 0 lets the system choose.",
    )
    workers: Annotated[int, whole(1, 256)] = key(
        1,
        about="Worker processes. Used by `gateway run`.",
        why="One worker is one processor core; more than the machine has cores help nobody.",
    )
    protocol: Annotated[str, choice("own", "stock")] = key(
        "own",
        about="Who parses HTTP/1.1 of clients. `own`: the gateway's codec. `stock`: h11, as "
        "Hypercorn does, behind the same judge.",
        why="Both refuse and forward the same; `own` takes a fraction of the time.",
    )
    h2c: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether HTTP/2 without TLS is spoken.",
        why="An upgrade to h2c hides requests from proxies in front, so it is off.",
    )
    tls: ServerTls | None = key(None, about="Serve HTTPS.", shown="plain HTTP")
    trusted_proxies: Annotated[tuple[Network, ...], OneOrMany()] = key(
        (),
        about="Proxies in front of the gateway whose `Forwarded` and `X-Forwarded-*` are believed: "
        "networks, addresses, or `unix` for whoever connects by a unix socket.",
        why="Whoever is trusted here can claim to be any client.",
    )
    believed: Annotated[str, choice("either", "x-forwarded", "forwarded")] = key(
        "either",
        about="Which fields of trusted proxies are believed: `X-Forwarded-*`, `Forwarded`, or "
        "`X-Forwarded-For` where it comes and else `Forwarded`.",
        why="Most proxies write the former, and pass a client's `Forwarded` on unread.",
    )
    forward_proxy_authorization: Annotated[bool, SWITCH] = key(
        default=False,
        about="Whether `Proxy-Authorization`, `Proxy-Authenticate` and "
        "`Proxy-Authentication-Info` pass.",
        why="They are between a client and its first proxy (RFC 9110, 11.7): turn it on where "
        "the gateway stands in front of the proxy that is meant.",
    )
    trailers: Annotated[bool, SWITCH] = key(
        default=True,
        about="Whether trailer fields pass behind a body, in either direction.",
        why="Without those that would change what was judged before the body "
        "(RFC 9110, 6.5.1); to clients only where they say `TE: trailers`.",
    )
    failed_credentials: RateText = key(
        "20/60s",
        about="How many wrong credentials of one client are borne, in each worker; then nothing of "
        "it is looked at (429) until the first is that long ago.",
        why="A right one waits, too: an answer that told it from wrong ones would let a guesser "
        "go on at full speed.",
    )
    via: Annotated[str, Reads(_read_pseudonym, {"type": "string", "x-type": "token"})] = key(
        "gateway",
        about="The gateway's name in `Via`.",
        why="A pseudonym, so that no internal host name leaks (RFC 9110, 7.6.3).",
    )
    limits: Annotated[tuple[Annotated[str, Strict()], ...], OneOrMany()] = key(
        (),
        about="Names of `[limits.NAME]` that every route has, before its own.",
        shown="none",
    )
    endpoints: Annotated[bool, SWITCH] = key(
        default=True,
        about="Whether the gateway answers `/livez`, `/readyz`, and `/` where no route takes it.",
        why="A route that names one of these paths exactly goes first in any case.",
    )
    access_log: Annotated[str, choice("auto", "json", "console", "off")] = key(
        "auto",
        about="One line a request on stdout. `auto`: readable on a terminal, else JSON.",
    )
    max_request_body: BodyMax = key(
        "64MiB",
        about="Bytes of a request's body; 413 beyond. `false`: no bound. Routes may set their own.",
        why="Bodies stream, so this protects the services behind, not the gateway's memory.",
    )
    max_head: Annotated[int, size("1KiB", "1MiB")] = key(
        "64KiB",
        about="Bytes of a request's head; 431 beyond.",
        why="Heads are held in memory whole; browsers stay below 16 KiB with many cookies.",
    )
    max_fields: Annotated[int, whole(1, 10_000)] = key(
        200, about="Field lines of a request; 431 beyond.", why="Browsers send about 20."
    )
    max_target: Annotated[int, size("128B", "64KiB")] = key(
        "16KiB",
        about="Bytes of a request's target: path and query; 414 beyond.",
        why="RFC 9110, 4.1, asks for 8,000 at least.",
    )
    cache_memory: Annotated[int, size("1MiB", "1TiB")] = key(
        "128MiB",
        about="Bytes that stored answers may take, in each worker; see `cache` of a route.",
        why="What was not asked for again goes first (S3-FIFO).",
    )
    control: Annotated[str, FILE] | None = key(
        None,
        about="Path of the unix sockets by which `gateway cache` reaches the running workers; "
        "each adds its process id. Only the gateway's own user may open them.",
        shown="none",
    )
    head_timeout: Timeout = key(
        "10s",
        about="Until a request's head is complete; 408 beyond.",
        why="Slow heads hold connections (Slowloris).",
    )
    body_timeout: Timeout = key(
        "30s",
        about="Between two pieces of a request's body; 408 beyond.",
        why="Progress is judged, not the whole: large uploads may take hours.",
    )
    write_timeout: Timeout = key(
        "30s",
        about="Between two pieces of an answer that the client takes; then its connection is cut.",
        why="A client that never reads would hold its upstream, and block a shutdown, for ever.",
    )
    keep_alive_timeout: Timeout = key(
        "75s",
        about="Until a further request begins on an idle connection.",
        why="Longer than the 60 s of common load balancers, so that they close first.",
    )
    drain_timeout: Pause = key(
        "30s",
        about="After SIGTERM: how long requests in flight may take to end.",
        why="Kubernetes and systemd kill after 30 s and 90 s.",
    )
    connections_max: Annotated[int, whole(1, 10_000_000)] | None = key(
        None,
        about="Client connections at once, in each worker.",
        shown="from the process's limit of file descriptors",
        why="Each connection, and each call to an upstream, holds one descriptor.",
    )
