"""What end-to-end tests start from."""

import pytest
import trio

from tests.road import Road


@pytest.fixture
async def road(nursery: trio.Nursery) -> Road:
    return Road(nursery)
