"""The backends under the conformance suites; a second one is added here and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from estafette.store.interface.spool import Spool

from .kit import TestClock


class Opened:
    """Spools opened by one test; closed at its end."""

    def __init__(self, folder: Path, backend: str, clock: TestClock) -> None:
        self.folder = folder
        self.backend = backend
        self.clock = clock
        self.stores: list[Any] = []

    async def __call__(self) -> Spool:
        from estafette.store.open import open_store

        url = f"sqlite://{self.folder}"
        self.stores.append(await open_store(url, role="owner", clock=self.clock, free_disk=0))
        if self.backend == "client":
            self.stores.append(await open_store(url, role="client", clock=self.clock))
        spool: Spool = self.stores[-1].spool
        return spool

    async def close(self) -> None:
        while self.stores:
            await self.stores.pop().close()

    @property
    def store(self):
        return self.stores[-1]


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(params=["owner", "client"])
async def spool_factory(request, tmp_path: Path, clock: TestClock) -> AsyncIterator[Opened]:
    """Call it for a spool; ``close`` and call it again for a restart over the same data."""
    opened = Opened(tmp_path / "d", request.param, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def spool(spool_factory: Callable[[], Awaitable[Spool]]) -> Spool:
    return await spool_factory()
