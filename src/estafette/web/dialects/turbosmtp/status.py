"""The one status that a message to a recipient has at turboSMTP, out of its events."""

from __future__ import annotations

from collections.abc import Sequence

from estafette.model.event import Event
from estafette.web.dialects.telling import measured

STATUSES = ("NEW", "DEFER", "SUCCESS", "OPEN", "CLICK", "REPORT", "FAIL", "SYSFAIL", "UNSUB")
#: Measures -> the status they mean, the strongest first; hits are those of people.
_STRONGEST = (
    ("complained", "REPORT"), ("unsubscribed", "UNSUB"), ("clicked.human", "CLICK"), ("opened.human", "OPEN"),
    ("opened.proxy", "OPEN"), ("bounced.", "FAIL"), ("failed", "SYSFAIL"), ("rejected", "SYSFAIL"),
    ("delivered", "SUCCESS"), ("sent", "SUCCESS"), ("deferred", "DEFER"),
)  # fmt: skip
_ENDS = frozenset({"bounced", "failed", "rejected", "deferred"})


def status(events: Sequence[Event]) -> str:
    """Return the status that events of one recipient add up to."""
    counts = {name: amount for name, amount in measured(events).items() if amount > 0}
    for measure, found in _STRONGEST:
        if any(name == measure or (measure.endswith(".") and name.startswith(measure)) for name in counts):
            return found
    return "NEW"


def error(events: Sequence[Event]) -> str:
    """Return what was said when it could not be delivered, "" when it was, or nothing is known yet."""
    if status(events) not in {"FAIL", "SYSFAIL", "DEFER"}:
        return ""
    last = next((event for event in reversed(events) if event.kind in _ENDS), None)
    if last is None or last.reply is None:
        return last.reason if last else ""
    return f"{last.reply.code} {last.reply.enhanced} {last.reply.text}".strip()
