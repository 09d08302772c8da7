"""Why nobody may be called is a word for logs, and a time for clients."""

import re

from gateway_core.clock import SECOND
from gateway_core.roster import Lack, Unavailable


def test_each_lack_has_a_reason_in_kebab_case() -> None:
    for lack in Lack:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", lack.value)


def test_where_nothing_better_is_known_it_is_a_second() -> None:
    assert Unavailable(Lack.OVERLOAD).retry_after == SECOND
