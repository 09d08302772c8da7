"""What protects an upstream: every key has its meaning, every nonsense its place and cure."""

import pytest

from gateway_core.adapting import AdaptiveRules
from gateway_core.balancing import HashOn
from gateway_core.breaking import BreakerRules, SlowRule
from gateway_core.clock import seconds
from gateway_core.ejecting import EjectionRules
from gateway_core.probe import ProbeRules
from gateway_core.ratio import percent
from gateway_core.retrying import NO_RETRIES, Cause, RetryRules
from gateway_core.upstream import Fallback
from gateway_server.settings import Severity
from gateway_server.settings.build import build_upstreams
from gateway_server.settings.protection import build_probes
from tests.configurations import ROUTE, only, read, told

TWO = ROUTE.replace(
    '["http://127.0.0.1:8001"]', '["http://127.0.0.1:8001", "http://127.0.0.1:8002"]'
)


def with_keys(*lines: str, route: str = TWO) -> str:
    return route.replace("\n\n", "\n" + "\n".join(lines) + "\n\n", 1)


def upstream(*lines: str):
    return build_upstreams(read(with_keys(*lines)))["a"]


def test_nothing_protects_an_upstream_that_says_nothing() -> None:
    plain = upstream()
    assert plain.retries == NO_RETRIES
    assert (plain.balance, plain.slow_start, plain.panic) == ("two-choices", 0, percent(50))
    for field in ("breaker", "ejection", "adaptive", "hedge_after", "fallback", "per_try_timeout"):
        assert getattr(plain, field) is None
    assert build_probes(read(TWO)) == {}


def test_empty_tables_take_the_documented_defaults() -> None:
    plain = upstream("retries = {}", "breaker = {}", "outlier = {}", "adaptive_concurrency = {}")
    assert plain.retries == RetryRules()
    assert plain.breaker == BreakerRules(failure_ratio=percent(50))
    assert (plain.ejection, plain.adaptive) == (EjectionRules(), AdaptiveRules())


def test_every_key_is_taken() -> None:
    full = upstream(
        'balance = "hash"',
        'hash_on = "cookie:Session"',
        'retries = { attempts = 4, on = ["connect", "503"], budget = "12.5%", budget_min = 1, max_body = "2KiB" }',
        'per_try_timeout = "3s"',
        'breaker = { consecutive_failures = 9, failure_ratio = "25%", minimum = 7, window = "1m", '
        'slow = { over = "2s", ratio = "40%" }, open_for = "5s", open_for_max = "20s", probes = 3 }',
        'health = { path = "/h?x=1", interval = "5s", timeout = "1s", healthy = 4, unhealthy = 5 }',
        'outlier = { consecutive_failures = 2, interval = "1s", ejected_for = "2s", ejected_for_max = "3s", ejected_max = "50%" }',
        'slow_start = "30s"',
        'panic = "0%"',
        "adaptive_concurrency = { min = 5, max = 50 }",
        'hedge = { after = "100ms" }',
        'fallback = { status = 203, body = "später", content_type = "text/plain" }',
    )
    assert (full.balance, full.hash_on) == ("hash", HashOn("cookie", b"Session"))
    assert full.retries == RetryRules(
        4, frozenset({Cause.CONNECT}), frozenset({503}), percent(12.5), 1, replay_max=2048
    )
    assert full.per_try_timeout == seconds(3)
    assert full.breaker == BreakerRules(
        9,
        percent(25),
        SlowRule(seconds(2), percent(40)),
        7,
        seconds(60),
        seconds(5),
        seconds(20),
        probes=3,
        probes_to_close=3,
    )
    assert full.ejection == EjectionRules(2, seconds(1), seconds(2), seconds(3), percent(50))
    assert (full.slow_start, full.panic) == (seconds(30), 0)
    assert full.adaptive == AdaptiveRules(5, 50)
    assert full.hedge_after == seconds(0.1)
    assert full.fallback == Fallback(203, "später".encode(), b"text/plain")


def test_health_checks_are_built() -> None:
    settings = read(with_keys('health = { path = "/healthz" }'))
    assert build_probes(settings) == {"a": ProbeRules(b"/healthz")}


@pytest.mark.parametrize(
    ("text", "hashed"),
    [("client", HashOn("client")), ("header:X-Tenant", HashOn("header", b"x-tenant"))],
)
def test_what_can_be_hashed(text: str, hashed: HashOn) -> None:
    assert upstream('balance = "hash"', f'hash_on = "{text}"').hash_on == hashed


WRONG = [
    ('balance = "random"', "balance", 'must be "two-choices", "round-robin" or "hash"'),
    ('balance = "hash"', "balance", "hash needs to know what to hash"),
    ('hash_on = "client"', "hash_on", "is for hash alone"),
    ('balance = "hash"\nhash_on = "path"', "hash_on", "is nothing to hash"),
    ('balance = "hash"\nhash_on = "header:"', "hash_on", "is nothing to hash"),
    ("retries = { attempts = 1 }", "retries.attempts", "must be from 2 to 10"),
    ("retries = { on = [] }", "retries.on", "must not be empty"),
    ('retries = { on = ["conect"] }', "retries.on[0]", "is no reason to try again"),
    ('retries = { on = ["404"] }', "retries.on[0]", "is no reason to try again"),
    ("retries = { on = [503] }", "retries.on[0]", "is no reason to try again"),
    ("retries = { budget = 0.2 }", "retries.budget", "is no share"),
    ("retries = { budget = 20 }", "retries.budget", "is no share"),
    ("retries = { budget = true }", "retries.budget", "is no share"),
    ('retries = { budget = "101%" }', "retries.budget", "must be from 0% to 100%"),
    ('retries = { max_body = "1GiB" }', "retries.max_body", "must be from 0B to 64MiB"),
    ('per_try_timeout = "1s"', "per_try_timeout", "there is one try alone"),
    ("breaker = { probes = 0 }", "breaker.probes", "must be from 1 to 1000"),
    ('breaker = { slow = { ratio = "50%" } }', "breaker.slow.over", 'the key "over" is missing'),
    ('breaker = { open_for_max = "1s" }', "breaker.open_for_max", "is shorter than open_for"),
    (
        'outlier = { ejected_for_max = "1s" }',
        "outlier.ejected_for_max",
        "is shorter than ejected_for",
    ),
    ('health = { path = "healthz" }', "health.path", "is no path"),
    ('health = { path = "/a#b" }', "health.path", "is no path"),
    ("health = { path = 1 }", "health.path", "is no path"),
    ("health = {}", "health.path", 'the key "path" is missing'),
    ("adaptive_concurrency = { min = 9, max = 8 }", "adaptive_concurrency.max", "is less than min"),
    ("hedge = { after = 100 }", "hedge.after", "is no duration"),
    ('fallback = { status = 99, body = "" }', "fallback.status", "is no status of an answer"),
    ('fallback = { status = true, body = "" }', "fallback.status", "is no status of an answer"),
    (
        'fallback = { status = 204, body = "" }',
        "fallback.status",
        "is the status of an answer without a body",
    ),
    ("fallback = { body = 1 }", "fallback.body", "must be text"),
    (
        'fallback = { body = "", content_type = "json" }',
        "fallback.content_type",
        "is no media type",
    ),
    ('fallback = { body = "", content_type = 1 }', "fallback.content_type", "must be text"),
    ('panic = "half"', "panic", "is no share"),
]


@pytest.mark.parametrize(("lines", "path", "message"), WRONG, ids=[w[0] for w in WRONG])
def test_nonsense_has_its_place(lines: str, path: str, message: str) -> None:
    problem = only(told(with_keys(lines)))
    assert (problem.path, problem.message) == (f"upstreams.a.{path}", message)
    assert problem.line > 1


@pytest.mark.parametrize(
    ("weight", "message", "cure"),
    [
        ("0", "must be from 1 to 1000", ""),
        ("-1", "must be from 1 to 1000", ""),
        ("1001", "must be from 1 to 1000", ""),
        ("1.5", "is no whole number", "write a whole number, from 1 to 1000"),
        ("true", "is no whole number", "write a whole number, from 1 to 1000"),
        ('"2"', "is no whole number", "write a whole number, without quotes"),
    ],
)
def test_a_weight_that_is_none_has_its_place(weight: str, message: str, cure: str) -> None:
    one = f'{{ url = "http://h", weight = {weight} }}'
    problem = only(told(ROUTE.replace('"http://127.0.0.1:8001"', one)))
    assert (problem.path, problem.message) == ("upstreams.a.endpoints[0].weight", message)
    assert (problem.line, problem.help) == (2, cure)


@pytest.mark.parametrize(
    ("lines", "cure"),
    [
        ("retries = { budget = 0.2 }", 'write it per cent: "20%"'),
        ("retries = { budget = 20 }", 'write it per cent: "20%"'),
        ('retries = { budget = "a fifth" }', 'write it per cent, in quotes: "20%"'),
        ("retries = { on = [503] }", 'write it in quotes: "503"'),
        ("adaptive_concurrency = { min = 9, max = 8 }", "write 9 or more, or a smaller min"),
    ],
)
def test_nonsense_has_its_cure(lines: str, cure: str) -> None:
    assert only(told(with_keys(lines))).help == cure


@pytest.mark.parametrize(
    "line",
    [
        "outlier = {}",
        'slow_start = "30s"',
        'hedge = { after = "1s" }',
        'balance = "round-robin"',
        'panic = "10%"',
    ],
)
def test_what_one_endpoint_cannot_use_is_a_warning(line: str) -> None:
    problem = only(told(with_keys(line, route=ROUTE)))
    assert problem.severity is Severity.WARNING
    assert problem.message == "does nothing for an upstream with one endpoint"
    assert told(with_keys(line)) == ()


def test_a_try_that_may_take_all_the_time_is_a_warning() -> None:
    problem = only(told(with_keys("retries = {}", 'per_try_timeout = "15s"')))
    assert problem.severity is Severity.WARNING
