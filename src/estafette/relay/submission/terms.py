"""What the quota says about a message that may not simply go, applied to what the spool is to keep."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from estafette.model.event import Event, pack, unpack
from estafette.model.message import Delivery, Submission
from estafette.model.stream import Priority
from estafette.tenancy.quota import Entry, Terms

#: How the reason of a waiting recipient begins; ``queue show`` names the rule by it.
PACED = "quota: "
#: Reason of the ``queued`` event of mail that goes in the bulk lane.
BULK_LANE = "bulk_lane"


def apply(submission: Submission, terms: Terms) -> Submission:
    """Return the submission with the due times, the windows and the lane that its terms name."""
    entries = _each(terms.entries)
    changed = [
        _changed(delivery, unpack(event), next(entries, None), terms.bulk)
        for delivery, event in zip(submission.deliveries, submission.events, strict=True)
    ]
    return msgspec.structs.replace(
        submission,
        deliveries=tuple(delivery for delivery, _ in changed),
        events=tuple(pack(event) for _, event in changed),
    )


def _changed(delivery: Delivery, event: Event, entry: Entry | None, bulk: str) -> tuple[Delivery, Event]:
    row: dict[str, object] = {}
    fact: dict[str, object] = {}
    if bulk:
        row |= {"priority": int(Priority.BULK), "last": f"bulk lane: {bulk}"}
        fact["reason"] = BULK_LANE
    if entry is not None and entry.charged:
        row |= {"due": entry.due, "last": f"{PACED}waits for the next units of its account"}
        fact["charged"] = entry.charged
    return msgspec.structs.replace(delivery, **row), msgspec.structs.replace(event, **fact)


def _each(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    """Return an entry for each recipient; what is paced leaves one after the other."""
    for entry in entries:
        for number in range(entry.recipients):
            yield msgspec.structs.replace(entry, due=entry.due + number * entry.step) if number else entry
