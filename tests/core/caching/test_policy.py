"""What an operator decides about caching must make sense."""

import pytest

from gateway_core.caching.policy import CachePolicy
from gateway_core.errors import ConfigError


def test_forcing_needs_something_to_force() -> None:
    with pytest.raises(ConfigError, match="force: without a ttl"):
        CachePolicy(force=True)
    assert CachePolicy(ttl=5, force=True).force
