"""Mail of a stream with hours is due when they begin, and loses none of its time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.contract.kit import submission

from estafette.model.window import DAYS, SendingWindow
from estafette.relay.submission import hours
from estafette.relay.submission.hours import CLOSED

MONDAY = datetime(2026, 11, 23, tzinfo=UTC).timestamp()


def test_mail_of_the_night_waits_for_the_morning() -> None:
    window = SendingWindow(DAYS[:5], "08:00", "18:00", "UTC")
    made = submission("a@x.test", "b@x.test", due=MONDAY + 3600)
    kept = hours.apply(made, window)
    for before, after in zip(made.deliveries, kept.deliveries, strict=True):
        assert after.due == MONDAY + 8 * 3600
        assert after.expires - before.expires == after.due - before.due
        assert after.last == CLOSED
    assert kept.content is made.content


@pytest.mark.parametrize("hour", [8, 12, 17])
def test_mail_of_the_day_goes_as_it_is(hour: int) -> None:
    window = SendingWindow(DAYS[:5], "08:00", "18:00", "UTC")
    made = submission("a@x.test", due=MONDAY + hour * 3600)
    assert hours.apply(made, window) is made
