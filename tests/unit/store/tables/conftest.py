"""Everything here happens on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from estafette.store.tables.control import ControlTables, open_control


@pytest.fixture(params=["sqlite", "postgresql"])
def control(request: pytest.FixtureRequest) -> Iterator[ControlTables]:
    place = request.getfixturevalue("database" if request.param == "postgresql" else "tmp_path")
    opened = open_control(place, upgrade=True)
    yield opened
    opened.close()
