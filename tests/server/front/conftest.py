"""What the front's tests start from."""

import pytest

from tests.server.front import serving


@pytest.fixture(params=["own", "stock"])
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test over our own codec, and over h11."""
    monkeypatch.setattr(serving, "OWN", request.param == "own")
    return request.param
