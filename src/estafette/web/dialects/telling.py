"""What every foreign form of events leaves out, and where senders' own labels stand in it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from estafette.model.event import Event
from estafette.model.tracking import MACHINES, Hit
from estafette.reporting.measures import additions


def news(hit: Hit | None) -> bool:
    """Return whether a hit counts as a person's now, and did not before."""
    return hit is None or (hit.agent not in MACHINES and (not hit.was or hit.was in MACHINES))


def measured(events: Iterable[Event]) -> dict[str, int]:
    """Return what events add up to, measure by measure, as the counters have it: corrections are taken into account."""
    counts: dict[str, int] = {}
    for event in events:
        for measure, amount in additions(event):
            counts[measure] = counts.get(measure, 0) + amount
    return counts


def payload(metadata: dict[str, str], name: str) -> str:
    """Return what a sender labelled its message with: under the service's own name, else all of it as JSON."""
    if name in metadata:
        return metadata[name]
    return json.dumps(metadata, ensure_ascii=False) if metadata else ""
