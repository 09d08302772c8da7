"""A route's plan is worked out once, and refuses what could never be written."""

import pytest

from gateway_core.errors import ConfigError
from gateway_core.forwarding.names import HOP_BY_HOP, PROXY_AUTHENTICATION
from gateway_core.forwarding.plan import OURS, forwarding_plan
from gateway_core.forwarding.rules import DEFAULT_RULES, ForwardingRules
from gateway_core.message import FieldEdits


def test_nothing_passes_that_is_dropped() -> None:
    plan = forwarding_plan(ForwardingRules(reserved=frozenset({b"authorization"})))
    assert not plan.request_passes & plan.request_drops
    assert b"authorization" in plan.request_drops & plan.response_drops


def test_hop_by_hop_fields_are_dropped_both_ways() -> None:
    plan = forwarding_plan(DEFAULT_RULES)
    assert HOP_BY_HOP | PROXY_AUTHENTICATION <= plan.request_drops
    assert HOP_BY_HOP | PROXY_AUTHENTICATION <= plan.response_drops
    assert OURS <= plan.request_drops


def test_the_operator_may_let_proxy_credentials_pass() -> None:
    plan = forwarding_plan(ForwardingRules(forward_proxy_authorization=True))
    assert not PROXY_AUTHENTICATION & (plan.request_drops | plan.response_drops)


def test_trailers_are_announced_where_they_may_come() -> None:
    passing = forwarding_plan(DEFAULT_RULES)
    assert b"trailer" not in passing.request_drops | passing.response_drops
    assert passing.untrailed_drops == passing.response_drops | {b"trailer"}
    keeping = forwarding_plan(ForwardingRules(trailers=False))
    assert b"trailer" in keeping.request_drops & keeping.response_drops & keeping.untrailed_drops


def test_what_is_edited_or_relied_on_is_guarded_against_imitation() -> None:
    edits = FieldEdits(frozenset({b"x-debug"}), ((b"x-team", b"a"),), ((b"x-more", b"b"),))
    plan = forwarding_plan(DEFAULT_RULES, request_edits=edits, relied=frozenset({b"x-version"}))
    assert {b"x-debug", b"x-team", b"x-more", b"x-version"} <= plan.request_guards
    assert b"x-version" in plan.protected


@pytest.mark.parametrize(
    ("given", "prefix"), [(b"", b""), (b"/", b""), (b"/service-a", b"/service-a"), (b"/a/", b"/a")]
)
def test_a_prefix_has_no_slash_at_its_end(given: bytes, prefix: bytes) -> None:
    assert forwarding_plan(DEFAULT_RULES, prefix=given).prefix == prefix


@pytest.mark.parametrize("prefix", [b"service-a", b"/caf\xe9", b"/a\r\nb", b"http://a/"])
def test_a_prefix_that_is_no_path_is_refused(prefix: bytes) -> None:
    with pytest.raises(ConfigError, match="begin it with '/'") as caught:
        forwarding_plan(DEFAULT_RULES, prefix=prefix)
    assert caught.value.path == "prefix"


@pytest.mark.parametrize("which", ["request_edits", "response_edits"])
def test_edits_of_both_ways_are_checked(which: str) -> None:
    broken = FieldEdits(set=((b"connection", b"close"),))
    with pytest.raises(ConfigError, match="belongs to one connection"):
        if which == "request_edits":
            forwarding_plan(DEFAULT_RULES, request_edits=broken)
        else:
            forwarding_plan(DEFAULT_RULES, response_edits=broken)
