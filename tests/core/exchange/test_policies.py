"""What every exchange consults is consistent before the first request."""

import dataclasses

import pytest

from gateway_core.errors import ConfigError
from gateway_core.exchange import Policies
from gateway_core.limiting import ByHeader, Limits
from gateway_core.routing import FieldRule, Pattern, Route, Router
from tests.exchanges import POLICIES, UPSTREAM, limited_policies, windowed


def test_each_route_has_its_plan() -> None:
    assert set(POLICIES.plans) == {"a", "get-only", "unbound"}
    assert POLICIES.plans["a"].prefix == b"/a"
    assert POLICIES.plans["get-only"].prefix == b""


def test_what_a_route_matches_by_is_protected_from_connection() -> None:
    rule = FieldRule(b"x-team", b"a")
    route = Route("r", Pattern.prefix("/"), "service-a", headers=(rule,))
    policies = dataclasses.replace(POLICIES, router=Router((route,)))
    assert b"x-team" in policies.plans["r"].protected


def test_what_a_limit_counts_by_is_protected_from_connection() -> None:
    limit = dataclasses.replace(windowed(), key=(ByHeader(b"x-team"),))
    policies = limited_policies(limit)
    assert b"x-team" in policies.plans["a"].protected
    assert b"x-team" not in policies.plans["unbound"].protected


def test_what_a_limit_that_a_key_bears_counts_by_is_protected_where_it_may_be_shown() -> None:
    limit = dataclasses.replace(windowed(name="gold"), key=(ByHeader(b"x-team"),))
    policies = dataclasses.replace(POLICIES, borne_limits={("a", ("gold",)): Limits((limit,))})
    assert b"x-team" in policies.plans["a"].protected
    assert b"x-team" not in policies.plans["unbound"].protected


def test_a_route_to_nowhere_is_an_error_of_the_operator() -> None:
    with pytest.raises(ConfigError, match=r"routes\.0\.upstream: 'gone' is not defined"):
        Policies(Router((Route("r", Pattern.prefix("/"), "gone"),)), {"service-a": UPSTREAM})
