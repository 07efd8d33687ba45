"""Mailjet's names for what was counted (its guide "Statistics"): machines are in none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from estafette.reporting import rates

Counts = Mapping[str, int]


def counter(counts: Counts, *, source: int, account: int, slice_: str) -> dict[str, Any]:
    """Return one counter. Delays and workflows are not measured, and 0."""
    sent, ended = rates.total("delivered", counts), rates.total("attempted", counts)
    soft = _soft(counts)
    return {
        "APIKeyID": account,
        "EventClickDelay": 0,
        "EventClickedCount": rates.total("clicks", counts),
        "EventOpenDelay": 0,
        "EventOpenedCount": rates.total("openings", counts),
        "EventSpamCount": counts.get("complained", 0),
        "EventUnsubscribedCount": counts.get("unsubscribed", 0),
        "EventWorkflowExitedCount": 0,
        "MessageBlockedCount": counts.get("rejected", 0),
        "MessageClickedCount": rates.total("clicked", counts),
        "MessageDeferredCount": counts.get("deferred", 0),
        "MessageHardBouncedCount": ended - sent - counts.get("bounced.soft", 0),
        "MessageOpenedCount": rates.total("opened", counts),
        "MessageQueuedCount": max(0, counts.get("queued", 0) - ended - counts.get("failed", 0)),
        "MessageSentCount": sent,
        "MessageSoftBouncedCount": soft,
        "MessageSpamCount": counts.get("complained", 0),
        "MessageUnsubscribedCount": counts.get("unsubscribed", 0),
        "MessageWorkFlowExitedCount": 0,
        "SourceID": source,
        "Timeslice": slice_,
        "Total": counts.get("queued", 0),
    }


def provider(name: str, counts: Counts) -> dict[str, Any]:
    """Return the figures of a mailbox provider; rates as its guide defines them, over attempted and delivered."""
    attempted, delivered = rates.total("attempted", counts), rates.total("delivered", counts)
    hard, soft = attempted - delivered - counts.get("bounced.soft", 0), _soft(counts)
    opened, clicked = rates.total("opened", counts), rates.total("clicked", counts)
    return {
        "ESPName": name,
        "AttemptedMessagesCount": attempted,
        "DeliveredMessagesCount": delivered,
        "DeferredMessagesCount": counts.get("deferred", 0),
        "HardBouncedMessagesCount": hard,
        "SoftBouncedMessagesCount": soft,
        "OpenedMessagesCount": opened,
        "ClickedMessagesCount": clicked,
        "SpamReportsCount": counts.get("complained", 0),
        "UnsubscribedMessagesCount": counts.get("unsubscribed", 0),
        "OpenRate": _share(opened, attempted),
        "ClickThroughRate": _share(clicked, opened),
        "HardBouncedRate": _share(hard, attempted),
        "SoftBouncedRate": _share(soft, attempted),
        "SpamReportsRate": _share(counts.get("complained", 0), delivered),
        "UnsubscribedRate": _share(counts.get("unsubscribed", 0), delivered),
        "DeferredRate": _share(counts.get("deferred", 0), attempted),
    }


def link(url: str, place: int, counts: Counts) -> dict[str, Any]:
    """Return the figures of a link."""
    return {
        "ClickedEventsCount": rates.total("clicks", counts),
        "ClickedMessagesCount": rates.total("clicked", counts),
        "PositionIndex": place,
        "URL": url,
    }


def _soft(counts: Counts) -> int:
    return counts.get("bounced.soft", 0) + counts.get("failed", 0)


def _share(events: int, base: int) -> float:
    return round(events / base, 4) if base else 0.0
