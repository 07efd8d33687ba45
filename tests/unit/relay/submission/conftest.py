from __future__ import annotations

import pytest
from tests.unit.relay.submission.rig import Rig


@pytest.fixture
async def rig():
    made = []

    async def make(start=None, **config):
        one = await Rig(**config).start(**(start or {}))
        made.append(one)
        return one

    yield make
    for one in made:
        await one.listeners.drain(0.2)
