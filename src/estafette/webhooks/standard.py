"""Our own form: ``{"type", "timestamp", "data"}`` with the vocabulary of the event log (Standard Webhooks)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.tracking import Hit
from estafette.webhooks.form import LARGEST, Form, Origin

#: Fields that are left out, one after the other, until a body is small enough.
_DROPPED = ("metadata", "tags", "reply")
_PEOPLE = frozenset({"human", "image_proxy"})


def write(event: Event, origin: Origin) -> bytes:
    """Return the body of an event."""
    data = shown(event) | ({"private": True} if origin.private else {})
    body = {"type": event.kind, "timestamp": moment(event.at), "data": data}
    encoded = msgspec.json.encode(body)
    for name in _DROPPED:
        if len(encoded) <= LARGEST:
            break
        data[name] = None
        data["truncated"] = True
        encoded = msgspec.json.encode(body)
    return encoded


def shown(event: Event) -> dict[str, Any]:
    """Return what is told of an event."""
    reply = event.reply
    told: dict[str, Any] = {
        "id": ids.show(event.id),
        "message": _message(event),
        "recipient": event.recipient,
        "tenant": event.tenant,
        "stream": event.stream,
        "credential": event.credential,
        "campaign": event.campaign,
        "tags": list(event.tags),
        "metadata": event.metadata,
        "template": event.template,
        "attempt": event.attempt,
        "reply": {"code": reply.code, "enhanced": reply.enhanced, "text": reply.text} if reply else None,
        "site": event.site,
        "reason": event.reason,
        "count": event.count,
        "route": event.route,
        "hit": _hit(event.hit) if event.hit else None,
    }
    # The class of what acted, null when it was a person: what most receivers want to tell apart by.
    return told | {"bot": None if event.hit.agent in _PEOPLE else event.hit.agent} if event.hit else told


def moment(seconds: float) -> str:
    """Write a time as RFC 3339 in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _message(event: Event) -> str | None:
    if not event.message:
        return None
    return f"{ids.show(event.message)}.{event.number}" if event.number else ids.show(event.message)


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "agent": hit.agent,
        "reasons": list(hit.reasons),
        "version": hit.version,
        "mode": hit.mode,
        "link": hit.link,
        "url": hit.url,
        "client": hit.client,
        "country": hit.country,
        "first": hit.first,
        "was": hit.was,
    }


FORM = Form(write)
