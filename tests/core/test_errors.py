"""Whose fault, and what the client sees of it."""

import pytest

from gateway_core.errors import ConfigError, FailureKind


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_of_an_upstream_is_a_gateway_status(kind: FailureKind) -> None:
    assert kind.status in {502, 503, 504}


def test_a_time_out_is_504_and_a_full_pool_503() -> None:
    assert {kind for kind in FailureKind if kind.status == 504} == {
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.WRITE_TIMEOUT,
        FailureKind.RESPONSE_TIMEOUT,
    }
    assert [kind for kind in FailureKind if kind.status == 503] == [FailureKind.OVERLOADED]


def test_only_what_failed_before_a_connection_stood_never_connected() -> None:
    assert {kind for kind in FailureKind if not kind.never_connected} == {
        FailureKind.RESET,
        FailureKind.WRITE_TIMEOUT,
        FailureKind.RESPONSE_TIMEOUT,
        FailureKind.PROTOCOL,
    }


def test_a_configuration_error_names_the_place_and_the_problem() -> None:
    error = ConfigError("routes.0.prefix", "must begin with a slash")
    assert str(error) == "routes.0.prefix: must begin with a slash"
    assert (error.path, error.problem) == ("routes.0.prefix", "must begin with a slash")
