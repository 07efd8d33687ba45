from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.kit import TestClock

from estafette.store.open import open_store


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def store(tmp_path: Path, clock: TestClock):
    opened = await open_store(f"sqlite://{tmp_path}/d", clock=clock, free_disk=0)
    yield opened
    await opened.close()
