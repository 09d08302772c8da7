"""What end-to-end tests start from."""

import pytest
import trio

from tests.road import Road


@pytest.fixture(params=["own", "stock"])
async def road(request: pytest.FixtureRequest, nursery: trio.Nursery) -> Road:
    """A road with either protocol towards clients: both serve alike."""
    return Road(nursery, request.param)


# What one road cannot do with WebSockets is told where the other alone is tested.


@pytest.fixture
async def frames_only(nursery: trio.Nursery) -> Road:
    return Road(nursery, "own")


@pytest.fixture
async def messages_only(nursery: trio.Nursery) -> Road:
    return Road(nursery, "stock")
