"""The router: which route serves, what the upstream is asked, and what is refused."""

import copy
import gc
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway_core.errors import ConfigError
from gateway_core.message import Fields, RequestHead
from gateway_core.refusal import Refusal
from gateway_core.routing import (
    FieldRule,
    Match,
    Outcome,
    Pattern,
    QueryRule,
    Rewrite,
    Route,
    Router,
    ServerOptions,
    Target,
    normalise,
    parse_target,
)
from gateway_core.routing.router import REMEMBERED_MAX


def asks(
    target: bytes, method: str = "GET", host: bytes = b"gw:8000", fields: Fields = ()
) -> RequestHead:
    return RequestHead(method, target, host, fields)


def only(**settings: object) -> Router:
    """Return a router with one route, called "r"."""
    return Router(
        (Route(**{"name": "r", "pattern": Pattern.prefix("/"), "upstream": "u", **settings}),)
    )


def served(router: Router, head: RequestHead) -> str:
    """Return the name of the route that serves, or the refusal's reason."""
    answer = router.match(head)
    assert not isinstance(answer, ServerOptions)
    return answer.route.name if isinstance(answer, Match) else answer.reason


STRIPPED = only(pattern=Pattern.prefix("/service-a"), strip_prefix=True)
WHOLE = only(pattern=Pattern.prefix("/service-a"))
REWRITTEN = only(
    pattern=Pattern.path("/old/{id}/{rest...}"), rewrite=Rewrite.path("/new/{rest}/{id}")
)


@pytest.mark.parametrize(
    ("router", "target", "upstream"),
    [
        pytest.param(WHOLE, b"/service-a/x?y=1&y=2", b"/service-a/x?y=1&y=2", id="as sent"),
        pytest.param(WHOLE, b"/service-a?", b"/service-a?", id="an empty query is kept"),
        pytest.param(WHOLE, b"/service-a/%2f%C3%a9", b"/service-a/%2f%C3%a9", id="escapes as sent"),
        pytest.param(WHOLE, b"/%73ervice-a/%2f", b"/service-a/%2f", id="else the normal form"),
        pytest.param(WHOLE, b"/x/../service-a/./y", b"/service-a/y", id="without dot segments"),
        pytest.param(WHOLE, b"/service-a//x;y", b"/service-a//x;y", id="slashes and semicolons"),
        pytest.param(WHOLE, b"http://h/service-a?q", b"/service-a?q", id="3.2.1 in origin-form"),
        pytest.param(WHOLE, b"/service-a?../%zz", b"/service-a?../%zz", id="a query is no path"),
        pytest.param(STRIPPED, b"/service-a", b"/", id="stripped to the root"),
        pytest.param(
            STRIPPED, b"/service-a?x=1", b"/?x=1", id="stripped to the root, with a query"
        ),
        pytest.param(STRIPPED, b"/service-a/", b"/", id="stripped to a slash"),
        pytest.param(STRIPPED, b"/service-a/items/1", b"/items/1", id="stripped"),
        pytest.param(STRIPPED, b"/service-a//evil", b"//evil", id="stripped to two slashes"),
        pytest.param(STRIPPED, b"/service-a/..%2fx", b"/..%2fx", id="encoded slashes are data"),
        pytest.param(STRIPPED, b"/service-a/%2E/x", b"/x", id="normalised, then stripped"),
        pytest.param(REWRITTEN, b"/old/7/a/b?x", b"/new/a/b/7?x", id="rewritten"),
        pytest.param(REWRITTEN, b"/old/%2e%2f/", b"/new//.%2f", id="rewritten with odd bytes"),
    ],
)
def test_the_target_that_the_upstream_is_asked_for(
    router: Router, target: bytes, upstream: bytes
) -> None:
    answer = router.match(asks(target))
    assert isinstance(answer, Match)
    assert answer.target == upstream


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        pytest.param(b"/service-ab", "no-route", id="a prefix is whole segments"),
        pytest.param(b"/Service-a", "no-route", id="case counts"),
        pytest.param(b"//service-a", "no-route", id="an empty segment is a segment"),
        pytest.param(b"/service-a;x", "no-route", id="parameters are part of a segment"),
        pytest.param(b"/service-a%2Fx", "no-route", id="an encoded slash parts no segments"),
        pytest.param(b"/service-a/../x", "no-route", id="dots leave the prefix"),
        pytest.param(b"/service-a/%2e%2e/x", "no-route", id="encoded dots leave the prefix"),
        pytest.param(b"/service-a/../..", "bad-target", id="dots leave the root"),
        pytest.param(b"/service-a/..;/x", "bad-target", id="dots in the manner of servlets"),
        pytest.param(b"/service-a\\x", "bad-target", id="a backslash"),
        pytest.param(b"*", "bad-target", id="an asterisk"),
    ],
)
def test_what_looks_like_a_route_and_is_none(target: bytes, reason: str) -> None:
    assert served(STRIPPED, asks(target)) == reason
    assert served(WHOLE, asks(target)) == reason


def test_a_match_tells_what_it_was_made_of() -> None:
    router = only(pattern=Pattern.path("/items/{id}"))
    answer = router.match(asks(b"http://b:81/items/%2f%61?x", host=b"a"))
    assert answer == Match(
        router.routes[0], b"/items/%2fa?x", b"/items/%2fa", {"id": b"%2fa"}, b"b:81"
    )


@pytest.mark.parametrize("pattern", ["/a%2fb/{id}", "/a%2Fb/{id}"])
@pytest.mark.parametrize("target", [b"/a%2fb/%c3%A9", b"/a%2Fb/%c3%A9"])
def test_escapes_match_whatever_the_case_of_their_digits(pattern: str, target: bytes) -> None:
    router = only(pattern=Pattern.path(pattern))
    answer = router.match(asks(target))
    assert isinstance(answer, Match)
    assert (answer.target, answer.params) == (target, {"id": b"%c3%A9"})
    assert router.claims(target)


def test_nothing_serves_where_there_are_no_routes() -> None:
    refusal = Router(()).match(asks(b"/"))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason, refusal.close) == (404, "no-route", False)


BY_METHOD = Router(
    (
        Route("read", Pattern.path("/items"), "u", methods=frozenset({"GET"})),
        Route("write", Pattern.path("/items"), "u", methods=frozenset({"POST", "PUT"})),
        Route(
            "beta",
            Pattern.path("/items"),
            "u",
            methods=frozenset({"PATCH"}),
            headers=(FieldRule(b"x-beta"),),
        ),
        Route("below", Pattern.prefix("/items"), "u", methods=frozenset({"DELETE"})),
    )
)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        pytest.param("GET", "read", id="named"),
        pytest.param("HEAD", "read", id="9.3.2 implied by GET"),
        pytest.param("PUT", "write", id="of the other route"),
        pytest.param("DELETE", "below", id="15.5.6 a less specific route serves it"),
        pytest.param("get", "method-not-allowed", id="9.1 case counts"),
        pytest.param("OPTIONS", "method-not-allowed", id="not even OPTIONS is implied"),
    ],
)
def test_a_method_selects_among_routes_of_a_path(method: str, name: str) -> None:
    assert served(BY_METHOD, asks(b"/items", method)) == name


def test_405_tells_every_method_that_some_route_would_serve_this_request_under() -> None:
    refusal = BY_METHOD.match(asks(b"/items", "PATCH"))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.close) == (405, False)
    assert refusal.fields == ((b"allow", b"DELETE, GET, HEAD, POST, PUT"),)
    assert served(BY_METHOD, asks(b"/items", "PATCH", fields=((b"x-beta", b"1"),))) == "beta"
    below = BY_METHOD.match(asks(b"/items/1", "GET"))
    assert isinstance(below, Refusal)
    assert below.fields == ((b"allow", b"DELETE"),)


def test_404_where_the_method_is_not_all_that_is_wrong() -> None:
    router = only(methods=frozenset({"GET"}), query=(QueryRule(b"v", b"2"),))
    assert served(router, asks(b"/?v=2", "POST")) == "method-not-allowed"
    assert served(router, asks(b"/?v=1", "POST")) == "no-route"


def test_the_narrowest_rules_win_and_fall_back_to_the_wider() -> None:
    path = Pattern.prefix("/")
    canary, v2 = FieldRule(b"x-canary", b"yes"), QueryRule(b"v", b"2")
    router = Router(
        (
            Route("any", path, "u"),
            Route("v2", path, "u", query=(v2,)),
            Route("canary", path, "u", headers=(canary,)),
            Route("both", path, "u", headers=(canary,), query=(v2,)),
            Route("never", path, "u"),
        )
    )
    fields = ((b"x-canary", b"yes"),)
    assert served(router, asks(b"/")) == "any"
    assert served(router, asks(b"/?v=2")) == "v2"
    assert served(router, asks(b"/", fields=fields)) == "canary"
    assert served(router, asks(b"/?v=2", fields=fields)) == "both"


def test_a_host_beats_a_path_and_falls_back_to_other_hosts() -> None:
    router = Router(
        (
            Route("path", Pattern.path("/x"), "u"),
            Route("host", Pattern.prefix("/x"), "u", hosts=("*.example.com",)),
        )
    )
    assert served(router, asks(b"/x", host=b"api.example.com:8443")) == "host"
    assert served(router, asks(b"http://api.example.com/x", host=b"h")) == "host"
    assert served(router, asks(b"http://h/x", host=b"api.example.com")) == "path"
    assert served(router, asks(b"/y", host=b"api.example.com")) == "no-route"


@pytest.mark.parametrize(("target", "authority"), [(b"*", b"gw:8000"), (b"http://other", b"other")])
def test_options_of_the_server_is_the_gateways_own(target: bytes, authority: bytes) -> None:
    answer = only().match(asks(target, "OPTIONS"))
    assert answer == ServerOptions(authority=authority)
    assert isinstance(answer, ServerOptions)
    assert dict(answer.fields)[b"allow"].startswith(b"GET, HEAD")


def test_options_of_a_path_is_the_routes() -> None:
    assert served(only(), asks(b"/", "OPTIONS")) == "r"


def test_an_upgrade_is_a_get() -> None:
    upgrade = ((b"connection", b"upgrade"), (b"upgrade", b"websocket"))
    assert served(only(methods=frozenset({"GET"})), asks(b"/ws", fields=upgrade)) == "r"


@pytest.mark.parametrize(
    ("pattern", "path", "exactly", "at_all"),
    [
        pytest.param(Pattern.path("/livez"), b"/livez", True, True, id="that very path"),
        pytest.param(Pattern.prefix("/livez"), b"/livez", False, True, id="a prefix of that name"),
        pytest.param(Pattern.path("/{page}"), b"/livez", False, True, id="a template"),
        pytest.param(Pattern.prefix("/"), b"/", False, True, id="the prefix of all"),
        pytest.param(Pattern.path("/"), b"/", True, True, id="the root"),
        pytest.param(Pattern.prefix("/a"), b"/", False, False, id="not the root"),
        pytest.param(Pattern.path("/livez"), b"/%6civez", True, True, id="in its normal form"),
        pytest.param(Pattern.prefix("/"), b"/..", False, False, id="what is no path"),
    ],
)
def test_a_router_tells_what_it_claims(
    pattern: Pattern, path: bytes, exactly: bool, at_all: bool
) -> None:
    for hosts in ((), ("example.com",), ("*.example.com",)):
        router = only(pattern=pattern, hosts=hosts, methods=frozenset({"POST"}))
        assert router.claims_exact(path) is exactly
        assert router.claims(path) is at_all


def test_two_routes_of_one_name_are_an_error() -> None:
    route = Route("r", Pattern.prefix("/"), "u")
    with pytest.raises(ConfigError) as error:
        Router((route, route))
    assert error.value.path == "routes.1.name"


def test_a_router_is_plain_data() -> None:
    twin = copy.deepcopy(BY_METHOD)
    assert twin == BY_METHOD
    assert hash(twin) == hash(BY_METHOD)
    assert twin != STRIPPED
    assert twin.match(asks(b"/items")) == BY_METHOD.match(asks(b"/items"))


def test_explaining_tells_of_each_route_why_it_does_not_serve() -> None:
    path, header, query = Pattern.prefix("/x"), FieldRule(b"h"), QueryRule(b"q")
    router = Router(
        (
            Route("wide", Pattern.prefix("/"), "u"),
            Route("host", path, "u", hosts=("other",)),
            Route("path", Pattern.path("/x"), "u"),
            Route("header", path, "u", headers=(header,)),
            Route("query", path, "u", query=(query,)),
            Route("method", path, "u", methods=frozenset({"POST"})),
            Route("serves", path, "u"),
        )
    )
    told = router.explain(asks(b"/x/y"))
    assert not isinstance(told, Refusal)
    assert [(route.name, outcome) for route, outcome in told] == [
        ("wide", Outcome.OUTRANKED),
        ("host", Outcome.HOST),
        ("path", Outcome.PATH),
        ("header", Outcome.HEADERS),
        ("query", Outcome.QUERY),
        ("method", Outcome.METHOD),
        ("serves", Outcome.SERVES),
    ]


def test_explaining_what_no_route_is_asked_for() -> None:
    assert isinstance(only().explain(asks(b"/\\")), Refusal)
    assert only().explain(asks(b"*", "OPTIONS")) == ((only().routes[0], Outcome.PATH),)


def count_calls(router: Router, head: RequestHead) -> int:
    """Count the calls, of Python and of C, that one match makes."""
    calls = 0

    def profiler(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    gc.disable()  # a collection calls whoever listens to it, whenever it comes
    sys.setprofile(profiler)
    try:
        router.match(head)
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def a_house_of(count: int) -> Router:
    """Return a router of `count` services, each with a prefix, a template and a host."""
    return Router(
        tuple(
            Route(f"{kind}-{n}", pattern, "u", hosts=hosts)
            for n in range(count)
            for kind, pattern, hosts in (
                ("prefix", Pattern.prefix(f"/service-{n}"), ()),
                ("item", Pattern.path(f"/service-{n}/items/{{id}}"), ()),
                ("host", Pattern.prefix("/"), (f"h{n}.example.com",)),
                ("wild", Pattern.path("/w/{x}/{rest...}"), (f"*.h{n}.example.com",)),
            )
        )
    )


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"/service-3/items/7", b"x"),
        (b"/service-3/other?x=1", b"x"),
        (b"/nothing", b"x"),
        (b"/", b"h3.example.com"),
        (b"/w/1/2/3", b"a.h3.example.com"),
    ],
)
def test_hundreds_of_routes_cost_what_ten_do(target: bytes, host: bytes) -> None:
    few, many = a_house_of(10), a_house_of(300)
    head, asked = asks(target, host=host), parse_target("GET", target, host)
    assert isinstance(asked, Target)
    names = [route.name for route in few.candidates(asked)]
    assert [route.name for route in many.candidates(asked)] == names
    assert len(names) <= 2
    assert count_calls(many, head) == count_calls(few, head)


def test_a_path_of_slashes_costs_what_a_short_one_does() -> None:
    router = a_house_of(10)
    assert count_calls(router, asks(b"/" * 16_000)) <= count_calls(router, asks(b"////////"))


def patient(max_examples: int = 100) -> settings:
    """Settings of a property whose inputs are large: a busy machine is no failure."""
    return settings(
        max_examples=max_examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


# Properties, over random routes and requests in one small world where they often meet.

SEGMENTS = ("a", "a", "b", "b", "%2f", "é")
METHODS = ("GET", "HEAD", "POST", "PURGE")
HOSTS = ("a.example.com", "b.example.com", "*.example.com", "*.a.example.com", "[::1]")


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    parts = draw(st.lists(st.sampled_from([*SEGMENTS, "{}", "{}"]), max_size=3))
    if draw(st.booleans()):
        return Pattern.prefix("/" + "/".join(part for part in parts if part != "{}"))
    named = [part.replace("{}", f"{{p{place}}}") for place, part in enumerate(parts)]
    return Pattern.path("/" + "/".join([*named, *draw(st.sampled_from([[], [""], ["{rest...}"]]))]))


@st.composite
def routes(draw: st.DrawFn, name: str) -> Route:
    pattern = draw(patterns())
    changes: dict[str, object] = {}
    if draw(st.booleans()):
        if pattern.kind.value == "prefix":
            changes["strip_prefix"] = True
        else:
            names = draw(st.permutations(pattern.names))
            changes["rewrite"] = Rewrite.path("/v2" + "".join(f"/{{{n}}}" for n in names))
    few = st.sampled_from([[], [], [], [b"x"], [b"x", b"y"]])
    value = st.sampled_from([None, b"1"])
    return Route(
        name,
        pattern,
        "u",
        hosts=draw(st.just(()) | st.tuples(st.sampled_from(HOSTS), st.sampled_from(HOSTS))),
        methods=draw(st.just(frozenset()) | st.frozensets(st.sampled_from(METHODS), max_size=2)),
        headers=tuple(FieldRule(key, draw(value)) for key in draw(few)),
        query=tuple(QueryRule(key, draw(value)) for key in draw(few)),
        **changes,
    )


def routers() -> st.SearchStrategy[Router]:
    several = st.integers(0, 8).flatmap(
        lambda count: st.tuples(*(routes(f"r{place}") for place in range(count)))
    )
    return several.map(Router)


PIECES = b"a b %61 %2f %2F .x a;b %c3%A9 . .. %2e%2e ..;".split(b" ")


@st.composite
def paths(draw: st.DrawFn, router: Router) -> bytes:
    """A path that a route is likely to match: its pattern filled in, written somehow, and more."""
    written = [str(route.pattern) for route in router.routes]
    text = draw(st.sampled_from([*written, "/"]))
    segments = []
    for part in text.encode().split(b"/")[1:]:
        filled = part
        if part.startswith(b"{"):
            filled = draw(st.sampled_from([b"a", b"b", b"%2f", b"", b"%7e"]))
        elif draw(st.booleans()):
            filled = part.replace(b"a", b"%61").replace(b"%2F", b"%2f").replace(b"%A9", b"%a9")
        segments.append(filled)
    if draw(st.integers(0, 3)) == 0:
        segments += draw(st.lists(st.sampled_from([b"", *PIECES]), max_size=3))
    return b"/" + b"/".join(segments)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Router, RequestHead]:
    """Routes, and a request that is likely to meet some of them."""
    router = draw(routers())
    query = draw(st.sampled_from([b"", b"?", b"?x=1", b"?x=2&%79=1", b"?y&x=1", b"?x=1&y=1"]))
    origin = draw(st.sampled_from([b"", b"", b"http://b.example.com:81"]))
    lines = st.sampled_from([(b"x", b"1"), (b"x", b"2"), (b"y", b"1")])
    authority = st.sampled_from(
        [b"", b"A.example.com", b"b.example.com.:80", b"c.a.example.com", b"[0::1]:1"]
    )
    return router, RequestHead(
        draw(st.sampled_from(METHODS)),
        origin + draw(paths(router)) + query,
        draw(authority),
        tuple(draw(st.lists(lines, max_size=3))),
    )


def naive_path(text: str, is_prefix: bool, path: bytes) -> bool:
    """Whether the pattern, as operators read it, has this path in it."""
    pattern = text.encode().split(b"/")[1:]
    segments = (
        path.replace(b"%2f", b"%2F").replace(b"%c3", b"%C3").replace(b"%a9", b"%A9").split(b"/")[1:]
    )
    if is_prefix:
        pattern = [] if pattern == [b""] else pattern
        return segments[: len(pattern)] == pattern
    if pattern[-1].endswith(b"...}"):
        pattern.pop()
        if len(segments) <= len(pattern):
            return False
        segments = segments[: len(pattern)]
    return len(pattern) == len(segments) and all(
        bool(segment) if part.startswith(b"{") else part == segment
        for part, segment in zip(pattern, segments, strict=True)
    )


def naive_host(route: Route, authority: bytes) -> tuple[int, int] | None:
    """Return the rank of the route's best host for this authority; None if none is."""
    text = authority.decode().lower()
    host = "[::1]" if text.startswith("[") else text.split(":")[0].rstrip(".")
    ranks = [(2, 0)] if not route.hosts else []
    for rule in route.hosts:
        if rule == host:
            ranks.append((0, 0))
        elif rule.startswith("*.") and host.endswith(rule[1:]):
            ranks.append((1, -rule.count(".")))
    return min(ranks, default=None)


def naive_rank(route: Route) -> tuple[object, ...]:
    text, is_prefix = str(route.pattern), route.pattern.kind.value == "prefix"
    parts = text.split("/")[1:]
    has_rest = parts[-1].endswith("...}")
    fixed = parts[:-1] if has_rest or text == "/" else parts
    if text == "/" and not is_prefix:
        fixed = parts
    literals = [not part.startswith("{") for part in fixed]
    is_open = is_prefix or has_rest
    first = 2 if is_open else int(not all(literals))
    shape = [not literal for literal in literals]
    return (
        first,
        -len(fixed),
        -sum(literals),
        shape,
        is_prefix,
        not route.methods,
        -len(route.headers),
        -len(route.query),
    )


def naive_match(router: Router, head: RequestHead) -> str:
    """Look at every route, in the order of precedence: what the router must agree with."""
    target = parse_target(head.method, head.target, head.authority)
    if isinstance(target, Refusal):
        return target.reason
    asked = dict[bytes, bytes]()
    for pair in (target.query or b"").replace(b"%79", b"y").split(b"&"):
        asked.setdefault(pair.split(b"=")[0], pair.partition(b"=")[2])
    found = []
    for place, route in enumerate(router.routes):
        host = naive_host(route, target.authority)
        is_prefix = route.pattern.kind.value == "prefix"
        if (
            host is not None
            and naive_path(str(route.pattern), is_prefix, target.normal)
            and all(
                any(k == rule.name and rule.value in (None, v) for k, v in head.fields)
                for rule in route.headers
            )
            and all(
                rule.name in asked and rule.value in (None, asked[rule.name])
                for rule in route.query
            )
        ):
            found.append((host, naive_rank(route), place, route))
    if not found:
        return "no-route"
    methods = {"GET", "HEAD"} if head.method == "HEAD" else {head.method}
    for *_, route in sorted(found, key=lambda row: row[:3]):
        if not route.methods or route.methods & methods:
            return route.name
    return "method-not-allowed"


@patient(max_examples=200)
@given(worlds())
def test_the_index_finds_what_looking_at_every_route_finds(
    world: tuple[Router, RequestHead],
) -> None:
    router, head = world
    assert served(router, head) == naive_match(router, head)


@patient()
@given(worlds())
def test_what_is_matched_is_what_is_forwarded(world: tuple[Router, RequestHead]) -> None:
    router, head = world
    answer = router.match(head)
    if not isinstance(answer, Match):
        return
    path, mark, query = answer.target.partition(b"?")
    assert mark + query == b"".join(head.target.partition(b"?")[1:])
    assert path.startswith(b"/")
    assert not set(answer.target) & set(b"\r\n\0 #")
    assert normalise(path) == path  # it climbs nowhere, and nobody reads it differently
    if answer.route.strip_prefix:
        assert path == b"/" or answer.path.endswith(path)
    elif answer.route.rewrite is None:
        assert path == answer.path
        again = router.match(RequestHead(head.method, answer.target, answer.authority, head.fields))
        assert again == answer


@patient()
@given(worlds())
def test_explaining_agrees_with_matching(world: tuple[Router, RequestHead]) -> None:
    router, head = world
    answer, told = router.match(head), router.explain(head)
    if isinstance(told, Refusal):
        assert told == answer
        return
    serving = [route for route, outcome in told if outcome is Outcome.SERVES]
    assert serving == ([answer.route] if isinstance(answer, Match) else [])
    if isinstance(answer, Refusal):
        outcomes = {outcome for _, outcome in told}
        assert (Outcome.METHOD in outcomes) == (answer.status == 405)


@patient()
@given(routers(), st.text("/ab.%2ef;", max_size=12))
def test_a_claimed_path_is_one_that_some_request_is_served_at(router: Router, text: str) -> None:
    path = b"/" + text.encode()
    wide = Router(tuple(Route(r.name, r.pattern, "u") for r in router.routes))
    assert router.claims(path) == isinstance(wide.match(asks(path)), Match)
    assert router.claims(path) or not router.claims_exact(path)


RULED = Router(
    (
        Route("any", Pattern.prefix("/a"), "u", strip_prefix=True),
        Route("field", Pattern.prefix("/a"), "u", headers=(FieldRule(b"x", b"1"),)),
        Route("query", Pattern.path("/a/{id}"), "u", query=(QueryRule(b"q", b"1"),)),
        Route("get", Pattern.path("/a/{id}"), "u", methods=frozenset({"GET"})),
        Route("post", Pattern.path("/b/{id}"), "u", methods=frozenset({"POST"})),
        Route("host", Pattern.path("/b/{rest...}"), "u", hosts=("gw",)),
    )
)
TARGETS = st.tuples(
    st.sampled_from([b"", b"", b"", b"http://gw", b"http://other:80", b"http://a@b"]),
    st.sampled_from(
        [
            *b"/a /a/1 /a/%31 /b/1 /b/./1 /c /a/.. /../a /a%zz /a# /a\\ *".split(),
            *(b"", b"/b/" + b"x" * 300),
        ]
    ),
    st.sampled_from([b"", b"", b"?", b"?q=1", b"?q=2", b"?q=1?", b"?#", b"?\xff", b"?\n"])
    | st.just(b"?" + b"q" * 17_000),
).map(b"".join)
REQUESTS = st.builds(
    asks,
    TARGETS,
    st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "CONNECT", "TRACE", "M" * 40]),
    st.sampled_from([b"", b"gw", b"GW:80", b"other", b"a,b", b"[::1]", b"[:::]"]),
    st.sampled_from([(), ((b"x", b"1"),), ((b"x", b"2"),)]),
)


@given(st.lists(REQUESTS, max_size=30))
def test_what_a_router_remembers_changes_none_of_its_answers(heads: list[RequestHead]) -> None:
    warm = Router(RULED.routes)
    for head in heads:
        fresh = Router(RULED.routes).match(head)
        assert warm.match(head) == fresh
        assert warm.match(head) == fresh
        assert RULED.match(head) == fresh


def test_what_a_router_remembers_is_bounded() -> None:
    router = only()
    heads = (
        asks(b"/%d?%b" % (count, b"q" * 90), host=b"h%d" % (count % 7)) for count in range(5_000)
    )
    most = 0
    for head in heads:
        router.match(head)
        most = max(most, len(router.remembered))
    assert most == REMEMBERED_MAX


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(asks(b"/a/" + b"x" * 254), id="a long path"),
        pytest.param(asks(b"/a", "M" * 33), id="a long method"),
        pytest.param(asks(b"/c" * 129), id="a long path without a route"),
        pytest.param(asks(b"http://gw/a"), id="absolute form"),
        pytest.param(asks(b"http://gw/c"), id="absolute form without a route"),
        pytest.param(asks(b"/a/%zz"), id="no path"),
        pytest.param(asks(b"*", "OPTIONS"), id="asterisk form"),
    ],
)
def test_a_router_does_not_remember(head: RequestHead) -> None:
    router = Router(RULED.routes)
    router.match(head)
    assert not router.remembered
    assert not router.missed


def test_whoever_tries_out_paths_makes_a_router_forget_no_route() -> None:
    router = Router(RULED.routes)
    router.match(asks(b"/a"))
    known, most = dict(router.remembered), 0
    for count in range(2 * REMEMBERED_MAX + 1):
        found = router.match(asks(b"/none/%d?%d" % (count % 1500, count)))
        assert isinstance(found, Refusal)
        assert found.reason == "no-route"
        most = max(most, len(router.missed))
    assert router.remembered == known
    assert most == REMEMBERED_MAX


def test_a_router_remembers_no_query() -> None:
    router = Router(RULED.routes)
    router.match(asks(b"/a?secret=1"))
    router.match(asks(b"/a/1?secret=1"))
    assert "secret" not in repr(router.remembered)
    assert len(router.remembered) == 2


def test_a_router_that_remembers_is_plain_data() -> None:
    router = Router(RULED.routes)
    router.match(asks(b"/a"))
    twin = copy.deepcopy(router)
    assert twin == router == RULED
    assert repr(twin) == repr(router) == repr(RULED)
    assert twin.match(asks(b"/a")) == router.match(asks(b"/a"))
