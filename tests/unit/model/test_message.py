from __future__ import annotations

import pytest

from estafette.model.message import Content
from estafette.model.stream import Tracking


@pytest.mark.parametrize(
    ("tracking", "asked", "measured"),
    [("off", True, False), ("aggregate", None, True), ("individual", False, False), ("consented", True, True)],
)
def test_what_is_measured_is_the_mode_less_what_was_left_out(
    tracking: Tracking, asked: bool | None, measured: bool
) -> None:
    made = Content(1, "t", "s", "bulk", "c", "", "x.test", 1, 0.0, tracking=tracking, opens=asked, clicks=asked)
    assert (made.opens_measured, made.clicks_measured) == (measured, measured)
