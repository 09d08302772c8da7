"""Every flaw is an answer: a status that fits, a name of its own, the connection's end."""

import re
from http import HTTPStatus

import pytest

from gateway_core.http1 import flaws
from gateway_core.refusal import Refusal

ALL = {name: flaw for name, flaw in vars(flaws).items() if isinstance(flaw, Refusal)}


@pytest.mark.parametrize("flaw", ALL.values(), ids=ALL)
def test_a_flaw_ends_the_connection_and_helps_the_client(flaw: Refusal) -> None:
    assert flaw.close
    assert HTTPStatus(flaw.status) in {400, 414, 431, 501, 505}
    assert re.fullmatch(r"[a-z0-9.-]+", flaw.reason)
    assert re.fullmatch(r"[A-Z].{10,}\.", flaw.detail)


def test_every_flaw_has_a_name_of_its_own() -> None:
    assert len({flaw.reason for flaw in ALL.values()}) == len(ALL)
