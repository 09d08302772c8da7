"""What is wrong between limits and those who name them."""

import pytest

from gateway_server.settings.problem import Severity
from tests.configurations import ROUTE, only, told

NAMED = f'{ROUTE}limits = ["per-client"]\n'


def limit(lines: str = 'rate = "10/60s"', name: str = "per-client") -> str:
    return f"\n[limits.{name}]\n{lines}\n"


def test_a_limit_that_is_named_and_right_is_no_problem() -> None:
    assert told(NAMED + limit()) == ()


@pytest.mark.parametrize(
    ("text", "path", "cure"),
    [
        pytest.param(
            NAMED.replace("per-client", "per-clint") + limit() + limit(name="x"),
            "routes[0].limits[0]",
            'did you mean "per-client"?',
            id="a near miss",
        ),
        pytest.param(
            NAMED.replace("per-client", "zzz") + limit(),
            "routes[0].limits[0]",
            "known: per-client",
            id="nothing like it",
        ),
        pytest.param(
            NAMED,
            "routes[0].limits[0]",
            'write [limits.per-client] with rate = "10/60s"',
            id="none",
        ),
        pytest.param(
            f'[gateway]\nlimits = "per-clint"\n{NAMED}{limit()}',
            "gateway.limits",
            'did you mean "per-client"?',
            id="of the gateway, written as its only member",
        ),
        pytest.param(
            f'[gateway]\nlimits = ["per-clint"]\n{NAMED}{limit()}',
            "gateway.limits[0]",
            'did you mean "per-client"?',
            id="of the gateway",
        ),
        pytest.param(
            f'{NAMED}auth = "k"\n[auth.k]\nkind = "api-key"\n'
            f'keys = [{{ id = "a", value = "v", limits = ["per-clint"] }}]\n{limit()}',
            "auth.k.keys[0].limits[0]",
            'did you mean "per-client"?',
            id="of a key",
        ),
    ],
)
def test_an_unknown_limit_is_told_where_it_is_named(text: str, path: str, cure: str) -> None:
    problem = told(text)[0]
    assert (problem.severity, problem.path, problem.help) == (Severity.ERROR, path, cure)
    assert problem.message.startswith("there is no limit ")


def test_an_unknown_limit_from_the_environment_is_not_shown() -> None:
    text = NAMED.replace("per-client", "${L}") + limit()
    problem = told(text, environ={"L": "hunter2"})[0]
    assert (problem.message, problem.help) == (
        "there is no limit of this name",
        "known: per-client",
    )


def test_many_names_are_not_all_listed() -> None:
    text = NAMED.replace("per-client", "zzz") + "".join(limit(name=f"l{n:02}") for n in range(20))
    assert told(text)[0].help.endswith("l11 ...")


def test_a_limit_that_nobody_names_is_a_warning() -> None:
    problem = only(told(NAMED + limit() + limit(name="spare")))
    assert (problem.severity, problem.path) == (Severity.WARNING, "limits.spare")
    assert problem.help == 'write limits = ["spare"]'


def test_a_limit_of_the_gateway_is_named() -> None:
    assert told(f'[gateway]\nlimits = ["per-client"]\n{ROUTE}{limit()}') == ()


def test_a_limit_that_stands_twice_on_a_route_is_an_error() -> None:
    text = NAMED.replace('"per-client"', '"per-client", "per-client"') + limit()
    problem = only(told(text))
    assert (problem.path, problem.message) == (
        "routes[0].limits[1]",
        "this limit stands here twice",
    )


def test_a_limit_of_the_gateway_may_be_named_by_a_route_too() -> None:
    assert told(f'[gateway]\nlimits = ["per-client"]\n{NAMED}{limit()}') == ()


@pytest.mark.parametrize(
    ("lines", "path", "message"),
    [
        pytest.param(
            "shadow = true",
            "limits.per-client",
            "the limit has neither rate nor concurrent",
            id="neither",
        ),
        pytest.param(
            'rate = "1/s"\nconcurrent = 2',
            "limits.per-client.concurrent",
            "a limit has rate or concurrent, not both",
            id="both",
        ),
        pytest.param(
            'concurrent = 2\nalgorithm = "gcra"',
            "limits.per-client.algorithm",
            "says nothing of a limit on requests at once: there is one way to count them",
            id="an algorithm of requests at once",
        ),
        pytest.param(
            "concurrent = 2\nburst = 3",
            "limits.per-client.burst",
            "says nothing of a limit on requests at once: all of them may come at once",
            id="a burst of requests at once",
        ),
        pytest.param(
            'concurrent = 2\nwhen_full = "forget"',
            "limits.per-client.when_full",
            "says nothing of a limit on requests at once: all that are counted are busy, and "
            "none can be forgotten",
            id="requests at once that are forgotten",
        ),
        pytest.param(
            'rate = "1/s"\nburst = 2',
            "limits.per-client.burst",
            "sliding-window knows no burst",
            id="a burst of a window",
        ),
        pytest.param(
            'rate = "1/s"\nretry_after = "2s"',
            "limits.per-client.retry_after",
            "a rate's Retry-After is worked out",
            id="a hint for a rate",
        ),
    ],
)
def test_keys_that_say_nothing_together_are_errors(lines: str, path: str, message: str) -> None:
    problem = only(told(NAMED + limit(lines)))
    assert (problem.severity, problem.path, problem.message) == (Severity.ERROR, path, message)
    assert problem.help
    assert problem.line


@pytest.mark.parametrize(
    ("lines", "memory"),
    [
        ('rate = "1001/60s"', "9 kB a key, 801 MB where 100000 keys are busy"),
        ('rate = "1001/60s"\nkeys_max = 10', "9 kB a key, 81 kB where 10 keys are busy"),
        ('rate = "1000000/60s"', "8 MB a key, 800 GB where 100000 keys are busy"),
        (
            'rate = "1000000/60s"\nkeys_max = 10000000',
            "8 MB a key, 80 TB where 10000000 keys are busy",
        ),
    ],
)
def test_an_exact_window_of_many_requests_is_advised_against(lines: str, memory: str) -> None:
    problem = only(told(NAMED + limit(lines)))
    assert (problem.severity, problem.path) == (Severity.WARNING, "limits.per-client.rate")
    assert problem.message.endswith(memory)
    assert problem.help == 'algorithm = "gcra" takes one number a key'


@pytest.mark.parametrize(
    "lines",
    ['rate = "1000/60s"', 'rate = "1001/60s"\nalgorithm = "gcra"', "concurrent = 5000"],
)
def test_up_to_a_thousand_and_other_algorithms_are_not(lines: str) -> None:
    assert told(NAMED + limit(lines)) == ()


def test_counting_consumers_where_nobody_is_asked_is_a_warning() -> None:
    problem = only(told(NAMED + limit('rate = "1/s"\nkey = ["route", "consumer"]')))
    assert (problem.severity, problem.path) == (Severity.WARNING, "routes[0].limits[0]")
    assert "this route asks nobody who it is" in problem.message


KEYS = """
[auth.keys]
kind = "api-key"
keys = [{ id = "demo", value = "0123456789abcdef0123456789abcdef" }]
"""


def test_counting_consumers_where_somebody_is_asked_is_right() -> None:
    text = f'{NAMED}auth = ["keys"]\n' + limit('rate = "1/s"\nkey = "consumer"') + KEYS
    assert [each for each in told(text) if "limits" in each.path] == []


def test_a_limit_that_a_key_alone_bears_is_used() -> None:
    keys = '[auth.k]\nkind = "api-key"\nkeys = [{ id = "a", value = "v", limits = "per-client" }]\n'
    assert told(f'{ROUTE}auth = "k"\n{keys}{limit()}') == ()
