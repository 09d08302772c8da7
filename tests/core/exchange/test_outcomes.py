"""Each outcome of a look at the cache is a value of a type of its own."""

import typing

from gateway_core.exchange.outcomes import ASK, NOT_CACHED, PASS_ON, Ask, Judged, Looked, PassOn


def test_looking_and_judging_have_their_own_outcomes() -> None:
    looked, judged = set(typing.get_args(Looked)), set(typing.get_args(Judged))
    assert {kind.__name__ for kind in looked & judged} == {"Ask", "Serve"}
    assert isinstance(ASK, Ask)
    assert isinstance(PASS_ON, PassOn)


def test_what_is_not_cached_is_a_gateway_timeout() -> None:
    """RFC 9111, 5.2.1.7."""
    assert (NOT_CACHED.status, NOT_CACHED.reason) == (504, "not-cached")
