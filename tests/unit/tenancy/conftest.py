"""Everything here happens on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.prepared import control_in

from estafette.store.tables.control import ControlTables, open_control


@pytest.fixture(params=["sqlite", "postgresql"])
def control(request: pytest.FixtureRequest) -> Iterator[ControlTables]:
    if request.param == "postgresql":
        opened = open_control(request.getfixturevalue("database"))
    else:
        opened = control_in(request.getfixturevalue("tmp_path"))
    yield opened
    opened.close()
