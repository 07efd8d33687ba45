"""The HTTP application for every test of the web."""

import pytest
from tests.unit.web.world import open_world


@pytest.fixture
async def world(tmp_path):
    """Tenants acme and rival, each with a proved domain and a credential."""
    async with open_world(tmp_path) as made:
        yield made
