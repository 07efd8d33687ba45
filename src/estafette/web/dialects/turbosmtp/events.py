"""Events as turboSMTP's webhook posts them (its developers' hub, "Event Webhook", which is the definition)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import msgspec

from estafette.model.event import Event
from estafette.web.dialects.telling import news
from estafette.webhooks.form import Form, Origin

_NAMES = MappingProxyType({
    "queued": "PROCESSED", "delivered": "DELIVERED", "sent": "DELIVERED", "deferred": "DEFERRED",
    "bounced": "BOUNCED", "failed": "DROPPED", "rejected": "DROPPED", "opened": "OPENED", "clicked": "CLICKED",
    "complained": "REPORT", "unsubscribed": "UNSUBSCRIBED",
})  # fmt: skip


def write(event: Event, origin: Origin) -> bytes | None:
    """Return the body of an event, None for one that turboSMTP has no word for, such as hits of machines."""
    name = _NAMES.get(event.kind)
    if name is None or not event.message or not news(event.hit):
        return None
    told: dict[str, Any] = {
        "id": str(event.id),
        "mid": str(event.message),
        "status": name,
        "email": event.recipient,
        "subject": origin.subject or None,
        "timestamp": int(event.at),
        **_particular(event, name),
    }
    if "reference_id" in event.metadata:
        told["reference_id"] = event.metadata["reference_id"]
    return msgspec.json.encode(told)


def _particular(event: Event, name: str) -> dict[str, Any]:
    said = f"{event.reply.code} {event.reply.text}".strip() if event.reply else event.reason
    if name == "DEFERRED":
        return {"reason": said, "attempt": event.attempt}
    if name in {"BOUNCED", "DROPPED"}:
        return {"reason": {"0": said, "response": said}}
    if event.hit is None:
        return {}
    seen = {"useragent": event.hit.client, "ip": ""}
    return seen | ({"url": event.hit.url} if name == "CLICKED" else {})


FORM = Form(write, origin=True)
