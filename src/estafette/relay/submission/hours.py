"""What a stream's sending window does to mail that is accepted outside it: it is due when the window opens."""

from __future__ import annotations

import msgspec

from estafette.model.message import Delivery, Submission
from estafette.model.window import SendingWindow, opening

#: How the last word on a recipient begins that waits for its stream's hours; ``queue show`` names the rule by it.
CLOSED = "sending_window"


def apply(submission: Submission, window: SendingWindow) -> Submission:
    """Return the submission with due times inside the window; the time until then does not count towards expiry."""
    rows = tuple(_moved(row, window) for row in submission.deliveries)
    return submission if rows == submission.deliveries else msgspec.structs.replace(submission, deliveries=rows)


def _moved(row: Delivery, window: SendingWindow) -> Delivery:
    due = opening(window, row.due)
    if due <= row.due:
        return row
    return msgspec.structs.replace(row, due=due, expires=row.expires + due - row.due, last=row.last or CLOSED)
