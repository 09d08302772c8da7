"""How long an answer is fresh of which nobody says so: RFC 9111, 4.2.2."""

import pytest

from gateway_core.caching.heuristics import HEURISTIC_SECONDS_MAX, guessed_lifetime
from gateway_core.clock import UnixTime

NOW = UnixTime(10**9)


@pytest.mark.parametrize(
    ("status", "public", "modified", "seconds"),
    [
        pytest.param(200, False, 10**9 - 100, 10, id="a tenth of its age"),
        pytest.param(200, False, 10**9 - 9, 0, id="whole seconds, rounded down"),
        pytest.param(404, False, 10**9 - 100, 10, id="15.1 a status that allows it"),
        pytest.param(403, False, 10**9 - 100, None, id="15.1 one that does not"),
        pytest.param(403, True, 10**9 - 100, 10, id="public"),
        pytest.param(200, False, None, None, id="not known when it was modified"),
        pytest.param(200, False, 0, HEURISTIC_SECONDS_MAX, id="a day at most"),
        pytest.param(200, False, 10**9 + 5, 0, id="modified later than made"),
    ],
)
def test_what_is_guessed(
    status: int, public: bool, modified: int | None, seconds: int | None
) -> None:
    at = None if modified is None else UnixTime(modified)
    assert guessed_lifetime(status, public=public, modified=at, date=NOW) == seconds
