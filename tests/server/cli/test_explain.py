"""`gateway explain`: what is so, which line says so, and nothing that is secret."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway_server.cli.explaining import SECTIONS, Question, pieces, take_up
from gateway_server.cli.registry import app
from gateway_server.settings.load import examine_text
from tests.configurations import ROUTE

RUN = "from gateway_server.cli import main; main()"

CONFIG = """\
[gateway]
trusted_proxies = "127.0.0.1"
limits = "all"

[limits.all]
rate = "5000/s"
algorithm = "gcra"
key = []

[limits.busy]
concurrent = 4
shadow = true
key = ["client", "header:X-Team", "route"]

[upstreams.a]
endpoints = ["http://h:1"]
preserve_host = false

[[routes]]
name = "items"
path = "/items/{id}"
methods = ["GET"]
headers = { X-Key = "hunter2" }
rewrite = "/v2/{id}"
upstream = "a"
limits = ["busy", "all"]
request_headers = { set = { X-Secret = "hunter2" }, remove = ["X-Debug"] }
response_headers = { add = { X-B = "hunter2" } }
max_request_body = false

[[routes]]
name = "other"
prefix = "/items"
methods = ["GET"]
upstream = "a"
max_request_body = "1KiB"
"""
KEY = "X-Key: hunter2"


def told(*question: str, config: str = CONFIG, **more) -> list[str]:
    """The lines that are told, with one space between what is so and who says so."""
    examined = examine_text(config, ".toml", {}, "g.toml")
    method, url, *headers = question
    case = take_up(Question(method, url, tuple(headers), **more), examined.settings)
    text = "".join(text for text, _ in pieces(case, SECTIONS, "g.toml", examined.spot))
    assert "hunter2" not in text
    return [re.sub(r" +", " ", line.strip()) for line in text.splitlines() if line]


def test_a_request_that_is_served_is_explained_from_end_to_end() -> None:
    asked = "http://api.example/items/7?token=hunter2"
    team = ["X-Forwarded-For: 192.0.2.1, 2001:db8::1", "X-Team: hunter2", "Connection: X-Gone"]
    assert told("GET", asked, KEY, *team, "X-Gone: 1") == [
        "who asks",
        "2001:db8::1: named by trusted proxies (2001:db8::1 <- 127.0.0.1) g.toml:2",
        "over http",
        "which route",
        "items serves g.toml:19",
        "path /items/{id} g.toml:21",
        "methods: GET g.toml:22",
        "headers: X-Key g.toml:23",
        "not other: a more specific route serves g.toml:31",
        "its body",
        "of any length g.toml:29",
        "limits",
        "all: 5000 requests in 1 s g.toml:6",
        "named for every route g.toml:3",
        "counted for everybody together g.toml:8",
        "by gcra, 5000 at once g.toml:7",
        "busy: 4 requests at once, as a shadow: it refuses nobody g.toml:11",
        "named by the route g.toml:26",
        (
            "counted for the client 2001:db8:0:0::/64 and the field x-team, as it is here and "
            "the route items g.toml:13"
        ),
        "what the upstream is asked",
        "GET /v2/7 with its query, as it came g.toml:24",
        "host h:1, the endpoint's own g.toml:17",
        "taken away: connection, x-gone",
        "set afresh: x-forwarded-for",
        "added: forwarded, via, x-forwarded-host, x-forwarded-proto, x-request-id, x-secret",
        "remove x-debug g.toml:27",
        "set x-secret g.toml:27",
        "of the answer: add x-b g.toml:28",
        "where",
        "upstream a g.toml:15",
        "http://h:1 g.toml:16",
        "2s for a connection, then 504 default of upstreams.a.connect_timeout",
        "15s for the answer's head, then 504 default of upstreams.a.response_timeout",
        "1m for the next bytes, then the transfer is cut default of upstreams.a.idle_timeout",
    ]


def test_what_is_worked_out_for_each_request_is_told_without_what_stands_beside() -> None:
    config = """
[upstreams.a]
endpoints = ["http://h:1"]
[[routes]]
name = "a"
path = "/{id}"
upstream = "a"
request_headers = { set = { X-A = "hunter2 {client}{id}" }, add = { X-B = ["hunter2", "{{"] } }
request_query = { set = { p = "hunter2", q = "{headers.x_q}" }, remove = ["d", "e"] }
response_headers.set = { X-C = "{claims.email}" }
response_status = { 404 = 410 }
response_body = { document = "body.a" }
"""
    lines = told("GET", "/7", config=config)
    at = lines.index("of the answer: set x-c by claims.email g.toml:10")
    assert lines[at - 2 : at + 6] == [
        "set x-a by client, id g.toml:8",
        "add x-b by no value g.toml:8",
        "of the answer: set x-c by claims.email g.toml:10",
        "set ?p g.toml:9",
        "set ?q by headers.x_q g.toml:9",
        "take away ?d, ?e g.toml:9",
        "404 is told as 410 g.toml:11",
        "JSON of the answer is made anew, up to 1MiB; otherwise refuse g.toml:12",
    ]


def test_a_composition_is_a_tree_of_what_waits_for_what() -> None:
    config = """
[upstreams.a]
endpoints = ["http://h:1"]
[[routes]]
name = "deep"
path = "/deep"
[routes.compose]
deadline = "10s"
parts.user = { upstream = "a", path = "/u", timeout = "1s" }
parts.page = { upstream = "a", path = "/p/{user.id}/{cart.id}", timeout = "500ms" }
parts.cart = { upstream = "a", path = "/c/{user.id}", timeout = "2s", required = false }
parts.news = { upstream = "a", path = "/n", timeout = "3s" }
"""
    examined = examine_text(config, ".toml", {}, "g.toml")
    case = take_up(Question("GET", "/deep", ()), examined.settings)
    text = "".join(text for text, _ in pieces(case, SECTIONS, "g.toml", examined.spot))
    tree = text[text.index("what is composed") :].split("\n\n")[0].splitlines()
    assert [line.split("  g.toml")[0].rstrip() for line in tree] == [
        "what is composed",
        "  user, required: GET /u of a",
        "    1s for each request",
        "    cart, optional: GET /c/{user.id} of a",
        "      2s for each request",
        "      page, required: GET /p/{user.id}/{cart.id} of a",
        "        waits for cart and user",
        "        500ms for each request",
        "  news, required: GET /n of a",
        "    3s for each request",
        "  10s for the whole",
        "  at the latest after 3500ms: user (1s), then cart (2s), then page (500ms)",
    ]


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        pytest.param(
            ("GET", "/nowhere"),
            [
                "none: 404 no-route. No route serves this host and path.",
                "not items: another path g.toml:19",
                "not other: another path g.toml:31",
            ],
            id="404",
        ),
        pytest.param(
            ("PUT", "/items/7"),
            [
                (
                    "none: 405 method-not-allowed. No route serves this method here; Allow names those "
                    "that are served."
                ),
                "allow: GET, HEAD",
                "not items: a header is missing or different g.toml:19",
                "not other: another method g.toml:31",
            ],
            id="405",
        ),
        pytest.param(
            ("OPTIONS", "*"),
            [
                "none: OPTIONS * asks about the gateway, which answers 204",
                "not items: another path g.toml:19",
                "not other: another path g.toml:31",
            ],
            id="OPTIONS *",
        ),
        pytest.param(
            ("GET", "/livez"),
            ["the gateway's own page: no route is asked default of gateway.endpoints"],
            id="the gateway's own",
        ),
    ],
)
def test_where_no_route_serves_nothing_else_is_told(question, lines: list[str]) -> None:
    heads = [
        "who asks",
        "127.0.0.1: a trusted proxy, which names nobody else g.toml:2",
        "over http",
    ]
    got = told(*question)
    assert got[:3] == heads
    assert got[3] == "which route"
    assert got[4:] == lines


def test_of_a_target_that_is_none_no_route_is_told_of() -> None:
    got = told("GET", "/a/../../b")
    assert got[4].startswith("none: 400 bad-target. ")
    assert len(got) == 5


def test_the_gateway_s_own_page_goes_before_a_route_that_would_take_it() -> None:
    got = told("GET", "/livez", config=ROUTE.replace('"/a"', '"/"'))
    assert got[4:] == ["the gateway's own page: no route is asked default of gateway.endpoints"]


@pytest.mark.parametrize(
    ("url", "headers", "host"),
    [
        ("/a", (), "host localhost, the client's default of upstreams.a.preserve_host"),
        ("/a", ("Host: b.example",), "host b.example, the client's default of upstreams.a.preserve_host"),
        ("https://c.example:8443/a#part", (), "host c.example:8443, the client's default of upstreams.a.preserve_host"),
        ("ws://d.example/a?q", (), "host d.example, the client's default of upstreams.a.preserve_host"),
    ],
)  # fmt: skip
def test_a_url_is_whole_or_a_path(url: str, headers: tuple[str, ...], host: str) -> None:
    got = told("GET", url, *headers, config=ROUTE)
    assert host in got
    assert ("over https" in got) == url.startswith("https")


def test_a_url_without_a_path_asks_for_the_root() -> None:
    config = ROUTE.replace('"/a"', '"/"')
    for url in ("http://h", "http://h?x"):
        assert "a serves g.toml:4" in told("GET", url, config=config)


def test_letters_beyond_ascii_are_escaped_as_clients_escape_them() -> None:
    assert "GET /a/%C3%A9" in told("GET", "/a/é", config=ROUTE)


@pytest.mark.parametrize(
    ("length", "line"),
    [
        (1024, "at most 1KiB, 413 beyond g.toml:36"),
        (1025, "1025 bytes, more than 1KiB: 413 g.toml:36"),
    ],
)
def test_a_declared_length_is_judged(length: int, line: str) -> None:
    assert line in told("GET", "/items/7/8", f"Content-Length: {length}")


def test_a_prefix_that_is_stripped_is_the_line_that_says_so() -> None:
    got = told("GET", "/a/b", config=f"{ROUTE}strip_prefix = true\n")
    assert "GET /b g.toml:8" in got
    assert "at most 64MiB, 413 beyond default of gateway.max_request_body" in got


def test_a_client_who_is_no_proxy_is_itself_whatever_it_claims() -> None:
    got = told("GET", "/items/7", "X-Forwarded-For: 192.0.2.1", peer="192.0.2.9")
    assert got[1] == "192.0.2.9: the peer, which is no trusted proxy g.toml:2"


LIMITS = f"""\
{ROUTE}limits = ["one", "team"]

[limits.one]
rate = "1/s"
key = "consumer"

[limits.team]
rate = "2/s"
algorithm = "gcra"
burst = 7
key = "header:X-Team"
"""


def test_whose_budget_it_is_depends_on_what_the_request_has() -> None:
    got = told("GET", "/a", config=LIMITS)
    assert "counted for the consumer, or 127.0.0.1 if nobody is named g.toml:12" in got
    assert "by sliding-window default of limits.one.algorithm" in got
    assert "counted for the field x-team, which is not here g.toml:18" in got
    assert "by gcra, 7 at once g.toml:16" in got


BORNE = f"""\
{ROUTE}auth = ["keys", "more"]
limits = "one"

[limits.one]
rate = "1/s"

[limits.gold]
rate = "9/s"

[auth.keys]
kind = "api-key"
keys = [
  {{ id = "ada", value = "hunter2", limits = ["one"] }},
  {{ id = "ada", value = "hunter3", limits = ["gold"] }},
  {{ id = "bob", value = "hunter4", limits = ["gold"] }},
]
[auth.more]
kind = "api-key"
query = "k"
keys = [{{ id = "eve", value = "hunter5", limits = "gold" }}]
"""


def test_limits_that_keys_bear_are_told_once_a_scheme_and_no_key_is() -> None:
    got = told("GET", "/a", "X-API-Key: hunter3", config=BORNE)
    assert any(line.startswith("gold: 9 requests in 1 s, for 2 keys of keys alone") for line in got)
    assert any(line.startswith("gold: 9 requests in 1 s, for eve of more alone") for line in got)
    assert sum(line.startswith("borne by the key") for line in got) == 2
    assert sum(line.startswith("one: ") for line in got) == 1
    assert "hunter" not in "".join(got)


COMPOSED = """\
[upstreams.a]
endpoints = ["http://h:1"]

[upstreams.b]
endpoints = ["http://h:2"]

[[routes]]
name = "both"
path = "/both/{id}"
[routes.compose]
parts.one = { upstream = "a", path = "/one/{id}", headers = { X-Key = "hunter2" } }
parts.two = { upstream = "b", path = "/two/{item}", required = false, each = "one.list", when = "one.more" }
parts.three = { upstream = "b", path = "/three" }
"""


def test_of_a_composition_each_part_is_told_and_each_upstream_once() -> None:
    got = told("GET", "/both/7", config=COMPOSED)
    start = got.index("what is composed")
    assert got[start + 1 : start + 8] == [
        "one, required: GET /one/{id} of a g.toml:11",
        "two, optional: GET /two/{item} of b g.toml:12",
        "only if one.more g.toml:12",
        "for each of one.list, 32 at most, 8 at once g.toml:12",
        "three, required: GET /three of b g.toml:13",
        "5s for the whole default of routes[0].compose.deadline",
        "at the latest after 5s: one (until the deadline), then two (until the deadline)",
    ]
    assert [line for line in got if line.startswith("upstream ")] == [
        "upstream a g.toml:1",
        "upstream b g.toml:4",
    ]
    assert "what the upstream is asked" not in got


GUARDED = f"""\
{ROUTE}auth = ["keys", "more"]
scopes = ["read", "write"]
allow_from = ["10.0.0.0/8"]
deny_from = ["10.0.0.1"]

[auth.keys]
kind = "api-key"
keys = [{{ id = "demo", value = "hunter2hunter2hunter2hunter2hunter2" }}]

[auth.more]
kind = "api-key"
header = "X-More"
keys = [{{ id = "demo", value = "hunter2hunter2hunter2hunter2hunter3" }}]
"""


def test_who_may_ask_is_told_without_any_key() -> None:
    got = told("GET", "/a", config=GUARDED)
    start = got.index("who may")
    assert got[start + 1 : start + 9] == [
        "only from 10.0.0.0/8 g.toml:10",
        "never from 10.0.0.1/32 g.toml:11",
        "named by keys g.toml:8",
        "api-key g.toml:14",
        "or named by more g.toml:8",
        "api-key g.toml:18",
        "the credential stays here default of routes[0].forward_credentials",
        "with read, write, 403 without g.toml:9",
    ]
    assert "who may" not in told("GET", "/a", config=ROUTE)


@pytest.mark.parametrize(
    ("method", "route", "lines"),
    [
        (
            "GET",
            'cache = { ttl = "90s" }',
            [
                "as RFC 9111 lets a shared cache g.toml:8",
                "fresh for 90s, where the origin says nothing g.toml:8",
                "bodies of at most 8MiB default of routes[0].cache.max_entry",
            ],
        ),
        (
            "HEAD",
            'cache = { ttl = "1h", force = true, max_entry = "1KiB" }',
            [
                "as RFC 9111 lets a shared cache g.toml:8",
                "fresh for 1h, whatever the origin says g.toml:8",
                "bodies of at most 1KiB g.toml:8",
            ],
        ),
        ("POST", "cache = {}", ["POST is never answered from it g.toml:8"]),
    ],
)
def test_what_the_cache_may_do_is_told(method: str, route: str, lines: list[str]) -> None:
    got = told(method, "/a", config=f"{ROUTE}{route}\n")
    start = got.index("from the cache") + 1
    assert got[start : got.index("what the upstream is asked")] == lines


def test_where_callers_are_named_each_has_answers_of_its_own() -> None:
    config = GUARDED.replace("deny_from", "cache = {}\ndeny_from")
    assert "for each consumer apart default of routes[0].cache.partition" in told(
        "GET", "/a", config=config
    )
    assert "from the cache" not in told("GET", "/a", config=GUARDED)


# As a command


def run(tmp_path: Path, *args: str):
    (tmp_path / "g.toml").write_text(CONFIG, encoding="utf-8")
    return CliRunner().invoke(app, ["explain", *args, "-c", str(tmp_path / "g.toml")])


def test_the_command_tells_what_was_asked_without_query_and_password(tmp_path: Path) -> None:
    result = run(tmp_path, "GET", "http://u:hunter2@h/items/1?k=hunter2", "--client", "::1")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "GET http://h/items/1 from ::1"
    assert "hunter2" not in result.output


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("GET", "items/7"), "is no URL"),
        (("GET", "ftp://h/x"), "another scheme"),
        (("GET", "/x", "-H", "no colon"), "a colon and a value"),
        (("GET", "/x", "-H", ": v"), "a colon and a value"),
        (("GET", "/x", "--client", "localhost"), "is no IP address"),
    ],
)
def test_what_is_no_request_is_wrong_usage(tmp_path: Path, args, complaint: str) -> None:
    result = run(tmp_path, *args)
    assert result.exit_code == 2
    assert complaint in re.sub(r"[\s│]+", " ", result.output)


def test_a_configuration_that_cannot_be_used_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(json.dumps({"nonsense": 1}), encoding="utf-8")
    result = CliRunner().invoke(app, ["explain", "GET", "/", "-c", str(tmp_path / "bad.json")])
    assert result.exit_code == 2


def test_lines_of_yaml_are_told_as_well(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(
        "upstreams:\n  a:\n    endpoints: [http://h:1]\n"
        "routes:\n  - name: a\n    prefix: /a\n    upstream: a\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(app, ["explain", "GET", "/a", "-c", str(tmp_path / "g.yaml")])
    assert re.search(r"prefix /a +\S+g.yaml:6\n", result.stdout)


def test_a_terminal_shows_colours(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(CONFIG, encoding="utf-8")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", RUN, "explain", "GET", "/items/7/8"]
    env = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=tmp_path, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux: the other end was closed
        pass
    os.close(ours)
    assert process.wait(20) == 0
    assert b"\x1b[1mwhich route\x1b[0m" in shown
    assert b"gateway.toml:31" in shown


PROTECTED = """\
[upstreams.a]
endpoints = ["http://h:1", "http://h:2"]
balance = "hash"
hash_on = "header:X-Tenant"
breaker = { open_for = "5s" }
health = { path = "/healthz" }
outlier = {}
adaptive_concurrency = {}
retries = { on = ["connect", "503"] }
per_try_timeout = "1s"
hedge = { after = "100ms" }
fallback = { body = "" }

[[routes]]
name = "a"
prefix = "/"
upstream = "a"
"""


@pytest.mark.parametrize(
    ("method", "headers", "told_of_it"),
    [
        (
            "GET",
            ("X-Tenant: hunter2",),
            [
                "endpoint by hash of the header x-tenant, which is here g.toml:3",
                "2 tries in all, after connect, 503 g.toml:9",
                "1s for each try g.toml:10",
                "a second endpoint after 100ms g.toml:11",
            ],
        ),
        (
            "POST",
            (),
            [
                "endpoint by hash of the header x-tenant, by chance g.toml:3",
                "2 tries in all, after connect, 503; POST only if no connection was made g.toml:9",
                "1s for each try g.toml:10",
            ],
        ),
    ],
)
def test_what_protects_the_service_is_told(method: str, headers, told_of_it: list[str]) -> None:
    got = told(method, "/x", *headers, config=PROTECTED)
    got = got[got.index("how it is protected") + 1 :]
    first, *again = told_of_it
    assert got == [
        "upstream a g.toml:1",
        first,
        "at most 3 to 1000 calls at once, as it bears, then 503 g.toml:8",
        "left alone after 5 failures in a row, for 5s at first; 503 meanwhile g.toml:5",
        "endpoints checked by /healthz every 10s g.toml:6",
        "outliers left out g.toml:7",
        *again,
        "200 in place of 502, 503 and 504 g.toml:12",
    ]


def test_of_a_client_that_is_hashed_and_of_what_nothing_protects() -> None:
    client = PROTECTED.replace("header:X-Tenant", "client")
    assert "endpoint by hash of the client g.toml:3" in told("GET", "/", config=client)
    assert "how it is protected" not in told("GET", "/items/7", KEY)


SOCKETS = f"""\
{ROUTE}limits = ["open", "tries"]
cache = {{ ttl = "30s" }}
[routes.websocket]
origins = ["https://app.example"]
max_message = "1MiB"
messages = "100/1s"
too_fast = "wait"
idle_timeout = "1h"
grace = "3s"

[limits.open]
concurrent = 20
[limits.tries]
rate = "5/1s"
shadow = true
"""


def section(title: str, lines: list[str]) -> list[str]:
    """The facts that stand below `title`; it is the last section."""
    return lines[lines.index(title) + 1 :] if title in lines else []


def test_what_a_handshake_meets_is_told_with_the_line_that_says_so() -> None:
    head = ("Origin: https://APP.example", "Sec-WebSocket-Protocol: chat, hunter2")
    got = told("GET", "wss://h/a", *head, config=SOCKETS)
    assert section("as a WebSocket", got) == [
        "opened for pages of https://app.example, 403 to others g.toml:11",
        "the Origin that is here may",
        "subprotocol: as the upstream chooses of the 2 that are offered",
        "open bounds open sockets: 20 sockets at once, each until its end g.toml:19",
        "tries counts it once, at its handshake, as a shadow g.toml:21",
        "relayed frame by frame, but over HTTP/2 message by message default of gateway.protocol",
        "messages of at most 1MiB, 1009 beyond g.toml:12",
        "of the client, 100 messages and pings in 1s g.toml:13",
        "beyond, it is read no faster g.toml:14",
        "30s for a client to take a piece, then it is lost default of gateway.write_timeout",
        "1h without a frame either way, then 1001 g.toml:15",
        (
            "30s of silence, then a ping; as long again, then lost "
            "default of routes[0].websocket.ping_interval"
        ),
        ("5s from the first Close to the end of both default of routes[0].websocket.close_timeout"),
        "after SIGTERM it goes on for 3s to 6s, then 1001 g.toml:16",
        "and is cut after 30s at the latest default of gateway.drain_timeout",
    ]
    assert "a WebSocket's handshake is never answered from it g.toml:9" in got


@pytest.mark.parametrize(
    ("question", "route", "lines"),
    [
        pytest.param(
            ("GET", "ws://h/a", "Origin: https://hunter2.example"),
            'websocket = { origins = "https://app.example" }',
            ["the Origin that is here may not: 403 websocket-origin"],
            id="a foreign origin",
        ),
        pytest.param(
            ("POST", "/a", "Upgrade: WebSocket"),
            "",
            [
                "opened for pages of every origin default of routes[0].websocket.origins",
                "no Origin is here: no browser's page",
                "by GET alone, 400 to POST",
                "of the client, as many as it sends default of routes[0].websocket.messages",
            ],
            id="asked for by its fields, on a route that says nothing",
        ),
        pytest.param(
            ("GET", "ws://h/a"),
            'websocket = { messages = "9/1s" }\n[gateway]\nprotocol = "stock"',
            ["relayed message by message g.toml:10", "beyond, it is sent away with 1008 default of routes[0].websocket.too_fast"],
            id="the road of messages",
        ),
    ],
)  # fmt: skip
def test_a_handshake_is_judged_as_it_would_be(question, route: str, lines: list[str]) -> None:
    got = section("as a WebSocket", told(*question, config=f"{ROUTE}{route}\n"))
    assert [line for line in got if line in lines] == lines


def test_a_route_that_refuses_websockets_says_so_and_no_more() -> None:
    got = told("GET", "/a", config=f"{ROUTE}websocket = false\n")
    assert section("as a WebSocket", got) == ["refused, 403 g.toml:8"]
    composed = told("GET", "ws://h/both/7", config=COMPOSED)
    assert section("as a WebSocket", composed) == [
        "refused, 403: a composed answer is no WebSocket's g.toml:10"
    ]


def test_who_asks_for_no_websocket_of_a_route_that_names_none_hears_nothing_of_them() -> None:
    assert "as a WebSocket" not in told("GET", "/a", config=ROUTE)
